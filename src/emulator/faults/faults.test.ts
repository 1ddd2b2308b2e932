import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Faults, type AskedRequest } from './faults.js';
import { patternToRegExp } from './pattern.js';
import { readFaultRules, type FaultRule } from './rules.js';

const GET: AskedRequest = { operation: 'GetObject', bucket: 'b', key: 'a/x', method: 'GET', query: [] };
const fault = { kind: 'lost-reply' } as const;

function firedOf(rule: Omit<FaultRule, 'fault'>, count: number, asked = GET): number[] {
  const faults = new Faults({ seed: 5, rules: [{ ...rule, fault }] }, () => 0);
  return Array.from({ length: count }, (_, index) => index + 1).filter(
    () => faults.choose(asked) !== undefined,
  );
}

describe('a fault rule', () => {
  test('fires at the requests that it names', () => {
    expect(firedOf({ nth: 3 }, 6)).toEqual([3]);
    expect(firedOf({ nth: [1, 4] }, 6)).toEqual([1, 4]);
    expect(firedOf({ every: 2 }, 6)).toEqual([2, 4, 6]);
    expect(firedOf({ from: 2, to: 4 }, 6)).toEqual([2, 3, 4]);
    expect(firedOf({ times: 2 }, 6)).toEqual([1, 2]);
    expect(firedOf({}, 3)).toEqual([1, 2, 3]);
  });

  test('fires with its probability within 5 %, at the same requests for the same seed', () => {
    const fired = firedOf({ probability: 0.2 }, 20_000);
    expect(Math.abs(fired.length / 20_000 / 0.2 - 1)).toBeLessThan(0.05);
    expect(firedOf({ probability: 0.2 }, 20_000)).toEqual(fired);
  });

  test('fires within its time', () => {
    let nowMs = 0;
    const faults = new Faults({ rules: [{ afterMs: 10, untilMs: 20, fault }] }, () => nowMs);
    const fires = [0, 10, 19, 20].map((at) => {
      nowMs = at;
      return faults.choose(GET) !== undefined;
    });
    expect(fires).toEqual([false, true, true, false]);
  });

  test('fits by operation, bucket, key and query, and counts only what fits', () => {
    const query = [{ name: 'partNumber', value: '7' }];
    const part = { ...GET, operation: 'UploadPart', method: 'PUT', query };
    expect(firedOf({ operation: ['UploadPart', 'PutObject'], nth: 1 }, 2, part)).toEqual([1]);
    expect(firedOf({ operation: 'PutObject' }, 2, part)).toEqual([]);
    expect(firedOf({ query: { partNumber: '7' } }, 1, part)).toEqual([1]);
    expect(firedOf({ query: { partNumber: '8' } }, 1, part)).toEqual([]);
    expect(firedOf({ query: { uploadId: '*' } }, 1, part)).toEqual([]);
    expect(firedOf({ key: 'a/*' }, 1)).toEqual([1]);
    expect(firedOf({ key: 'b/**' }, 1)).toEqual([]);
    expect(firedOf({ bucket: 'other' }, 1)).toEqual([]);
  });

  test('the first that fires decides, and all count', () => {
    const faults = new Faults(
      {
        rules: [
          { name: 'one', nth: 2, fault },
          { name: 'two', fault: { kind: 'wrong-etag' } },
        ],
      },
      () => 0,
    );
    const kinds = [1, 2, 3].map(() => faults.choose(GET)?.fault.kind);
    expect(kinds).toEqual(['wrong-etag', 'lost-reply', 'wrong-etag']);
    expect(faults.counts()).toEqual([
      { name: 'one', matched: 3, fired: 1 },
      { name: 'two', matched: 3, fired: 2 },
    ]);
  });

  test('patterns tell folders apart and take everything else as it stands', () => {
    expect(patternToRegExp('a/*.t?t').test('a/b.txt')).toBe(true);
    expect(patternToRegExp('a/*').test('a/b/c')).toBe(false);
    expect(patternToRegExp('a/**').test('a/b/c')).toBe(true);
    expect(patternToRegExp('(a+b)[$]').test('(a+b)[$]')).toBe(true);
  });
});

describe('a throttle', () => {
  /** Requests per second that pass in the last of `seconds`, where `perSecond` are asked for. */
  function passing(
    throttle: object,
    perSecond: number,
    seconds: number,
    asked: Partial<AskedRequest> = {},
  ): number {
    let nowMs = 0;
    const faults = new Faults({ throttle }, () => nowMs);
    let passed = 0;
    for (; nowMs < seconds * 1000; nowMs += 1000 / perSecond) {
      const chosen = faults.choose({ ...GET, ...asked });
      if (chosen === undefined && nowMs >= (seconds - 1) * 1000) passed += 1;
    }
    return passed;
  }

  test('lets pass what S3 documents for one prefix, within 5 %', () => {
    expect(Math.abs(passing({}, 10_000, 2) / 5500 - 1)).toBeLessThan(0.05);
    expect(Math.abs(passing({}, 10_000, 2, { method: 'PUT' }) / 3500 - 1)).toBeLessThan(0.05);
    expect(passing({}, 1000, 2)).toBe(1000);
  });

  test('answers 503 with the wait that was asked for', () => {
    const faults = new Faults({ throttle: { readsPerSecond: 1, retryAfterSeconds: 2 } }, () => 0);
    expect(faults.choose(GET)).toBeUndefined();
    expect(faults.choose(GET)?.fault).toEqual({ kind: 'status', status: 503, retryAfterSeconds: 2 });
  });

  test('each prefix has its own, unless the bucket shares one', () => {
    const both = (per: 'folder' | 'bucket'): number => {
      const faults = new Faults({ throttle: { readsPerSecond: 10, per } }, () => 0);
      return ['a/1', 'b/1', 'c/1'].filter((key) => faults.choose({ ...GET, key }) === undefined).length;
    };
    expect(both('folder')).toBe(3);
    expect(both('bucket')).toBe(1);
  });

  test('grows where a split was asked for', () => {
    expect(passing({ readsPerSecond: 100 }, 1000, 10)).toBeLessThan(106);
    expect(passing({ readsPerSecond: 100, splitAfterSeconds: 2 }, 1000, 10)).toBeGreaterThan(350);
  });
});

describe('a file of fault rules', () => {
  const folder = mkdtempSync(join(tmpdir(), 'objectfs-faults-'));
  const path = join(folder, 'faults.yaml');

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test('is read', () => {
    writeFileSync(
      path,
      'seed: 3\nrules:\n  - query: { partNumber: 3 }\n    fault: { kind: status, status: 503 }\n',
    );
    expect(readFaultRules(path).rules?.[0]?.query).toEqual({ partNumber: '3' });
  });

  test.each([
    ['rules: [{nht: 1, fault: {kind: lost-reply}}]', /"nht" is no key here/],
    ['rules: [{fault: {kind: lost-replay}}]', /rules\.0\.fault\.kind/],
    ['rules: [{fault: {kind: slow, delayMS: 1}}]', /"delayMS" is no key here/],
    ['rules: [{nth: 0, fault: {kind: lost-reply}}]', /rules\.0\.nth/],
    ['throttle: {readsPersecond: 1}', /"readsPersecond" is no key here/],
  ])('%j is refused', (text, line) => {
    writeFileSync(path, text);
    expect(() => readFaultRules(path)).toThrow(line);
  });
});
