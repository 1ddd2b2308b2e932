import fc from 'fast-check';
import { parseShard, selectCases, type ListedCase, type Selection } from './selection.js';
import { chooseSuites } from './suite-choice.js';

function listed(suite: string, id: string, rest: Partial<ListedCase> = {}): ListedCase {
  return { suite, id, group: id.split('/')[0] ?? '', says: id, tier: 'quick', timeoutMs: 10_000, ...rest };
}

const CASES = [
  listed('posix', 'rename/plain'),
  listed('posix', 'rename/exdev', { tier: 'full' }),
  listed('posix', 'rename-flags/exchange'),
  listed('range', 'rename/plain'),
  listed('stress', 'load/hours', { tier: 'soak' }),
];

function idsOf(selection: Selection): string[] {
  return selectCases(CASES, selection).map(({ suite, id }) => `${suite}:${id}`);
}

function refusal(selection: Selection): unknown {
  try {
    return idsOf(selection);
  } catch (reason) {
    return reason;
  }
}

describe('the selection of cases', () => {
  test('a tier holds the tiers below it, and full is the tier of a run that names none', () => {
    expect(idsOf({ tier: 'quick' })).toHaveLength(3);
    expect(idsOf({})).toHaveLength(4);
    expect(idsOf({ tier: 'soak' })).toHaveLength(5);
  });

  test('a filter means a group, an id, a suite with an id, or what a star makes of them', () => {
    expect(idsOf({ filter: 'rename' })).toEqual([
      'posix:rename/plain',
      'posix:rename/exdev',
      'range:rename/plain',
    ]);
    expect(idsOf({ filter: 'rename/exdev' })).toEqual(['posix:rename/exdev']);
    expect(idsOf({ filter: 'posix:rename/*' })).toEqual(['posix:rename/plain', 'posix:rename/exdev']);
    expect(idsOf({ filter: '*/exchange, range:rename' })).toEqual([
      'posix:rename-flags/exchange',
      'range:rename/plain',
    ]);
  });

  test('a selection of nothing is wrong use: it names the nearest case, or that a higher tier has it', () => {
    expect(refusal({ filter: 'rename/exdv' })).toMatchObject({
      kind: 'usage',
      remedy: 'Did you mean "rename/exdev"?',
    });
    expect(refusal({ filter: 'load' })).toMatchObject({ kind: 'usage', remedy: 'A higher --tier has it' });
    expect(() => idsOf({ shard: { index: 9, count: 9 } })).toThrow('has no case');
  });

  test('shards hold each case exactly once, and none is heavier than another by more than one case', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 8, maxLength: 60 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 8 }), (all, count) => {
        const cases = all.map((weight, at) => listed('posix', `a/case-${at}`, { timeoutMs: weight }));
        const shards = Array.from({ length: count }, (_, at) =>
          selectCases(cases, { shard: { index: at + 1, count } }),
        );
        const loads = shards.map((shard) => shard.reduce((sum, { timeoutMs }) => sum + timeoutMs, 0));
        expect(new Set(shards.flat()).size).toBe(cases.length);
        expect(shards.flat()).toHaveLength(cases.length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(Math.max(...all));
      }),
    );
  });

  test('a shard is I/N with I from 1 to N', () => {
    expect(parseShard('2/4')).toEqual({ index: 2, count: 4 });
    for (const text of ['0/4', '5/4', '1', 'a/b', '1/0']) expect(() => parseShard(text)).toThrow('takes I/N');
  });

  test('of suites that hold nothing of the selection none is run, and the cases left out are known', async () => {
    const [only, ...others] = await chooseSuites(['all'], { filter: 'posix:rename' });
    expect(others).toEqual([]);
    expect(only).toMatchObject({ suite: 'posix', files: ['rename.suite.js'] });
    expect(only?.only.every((id) => id.startsWith('rename/'))).toBe(true);
    expect(only?.leftOut.size).toBeGreaterThan(only?.only.length ?? 0);
  });
});
