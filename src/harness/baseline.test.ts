import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CaseResult, CaseState, SuiteResult } from '../report/model.js';
import { applyBaseline, baselinePath, readBaseline, updatedBaseline, writeBaseline } from './baseline.js';
import { judgeSuites } from './verdict.js';

const TARGET = { name: 'rclone:full', version: '1.60.1' };

function result(states: Readonly<Record<string, CaseState>>, reason?: string): SuiteResult {
  const cases = Object.entries(states).map(([id, state]): CaseResult => ({
    id,
    says: id,
    group: 'a',
    operations: [],
    state,
    elapsedMs: 1,
    seed: 1,
    ...(reason === undefined ? {} : { reason }),
  }));
  return { suite: 'posix', target: TARGET.name, control: false, elapsedMs: 1, cases };
}

function states(suite: SuiteResult): Record<string, CaseState> {
  return Object.fromEntries(suite.cases.map(({ id, state }) => [id, state]));
}

describe('results against a baseline', () => {
  const baseline = updatedBaseline(undefined, TARGET, [
    result({ 'b/fails': 'failed', 'c/hangs': 'hung', 'a/passes': 'passed', 'd/other': 'unsupported' }, 'EIO'),
  ]);

  test('the same again passes: known failures are expected', () => {
    const again = applyBaseline(
      result({ 'a/passes': 'passed', 'b/fails': 'failed', 'c/hangs': 'hung', 'd/other': 'unsupported' }),
      baseline,
    );
    expect(states(again)).toEqual({
      'a/passes': 'passed',
      'b/fails': 'expected-failure',
      'c/hangs': 'expected-failure',
      'd/other': 'unsupported',
    });
    expect(judgeSuites([again], []).verdict).toBe('passed');
  });

  test.each<[string, Readonly<Record<string, CaseState>>, string, CaseState]>([
    ['left "passed" by failing', { 'a/passes': 'failed' }, 'a/passes', 'failed'],
    ['left "passed" by being declared away', { 'a/passes': 'unsupported' }, 'a/passes', 'failed'],
    ['vanished', {}, 'a/passes', 'broken'],
    ['passes newly', { 'b/fails': 'passed' }, 'b/fails', 'unexpected-pass'],
    ['fails in another way', { 'b/fails': 'hung' }, 'b/fails', 'hung'],
    ['is new and fails', { 'e/new': 'failed' }, 'e/new', 'failed'],
  ])('a case that %s fails the run', (_what, changed, id, state) => {
    const others = { 'b/fails': 'failed', 'c/hangs': 'hung' } as const;
    const isGone = Object.keys(changed).length === 0;
    const now: Readonly<Record<string, CaseState>> = isGone ? others : { 'a/passes': 'passed', ...others };
    const judged = applyBaseline(result({ ...now, ...changed }), baseline);
    expect(states(judged)[id]).toBe(state);
    expect(judgeSuites([judged], []).verdict).toBe('failed');
  });

  test('a case that this machine must skip decides nothing', () => {
    const judged = applyBaseline(
      result({ 'a/passes': 'skipped', 'b/fails': 'failed', 'c/hangs': 'hung' }),
      baseline,
    );
    expect(states(judged)['a/passes']).toBe('skipped');
    expect(judgeSuites([judged], []).verdict).toBe('passed');
  });
});

describe('a baseline file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objectfs-test-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  test('is named by target and version, sorted by id, and the same for the same results in any order', async () => {
    const one = updatedBaseline(undefined, TARGET, [
      result({ 'z/1': 'passed', 'a/1': 'passed', 'm/1': 'failed' }),
    ]);
    const other = updatedBaseline(undefined, TARGET, [
      result({ 'm/1': 'failed', 'a/1': 'passed', 'z/1': 'passed' }),
    ]);
    const path = await writeBaseline(folder, one);
    const text = await readFile(path, 'utf8');
    await writeBaseline(folder, other);
    expect(path).toBe(join(folder, 'rclone-full-1.60.1.json'));
    expect(await readFile(path, 'utf8')).toBe(text);
    expect(one.suites['posix']?.passed).toEqual(['a/1', 'z/1']);
    expect(await readBaseline(folder, TARGET.name, TARGET.version)).toEqual(one);
    expect(await readBaseline(folder, TARGET.name, '1.61')).toBeUndefined();
  });

  test('keeps explanations written by hand and other suites, and takes out what passes now', () => {
    const first = updatedBaseline(undefined, TARGET, [result({ 'a/1': 'failed', 'b/1': 'failed' }, 'EIO')]);
    const posix = first.suites['posix'];
    const explained = {
      ...first,
      suites: {
        range: { passed: ['r/1'], known: [] },
        posix: {
          passed: posix?.passed ?? [],
          known: (posix?.known ?? []).map((entry) => ({
            ...entry,
            reason: 'no random writes',
            issue: 'https://github.com/rclone/rclone/issues/1',
          })),
        },
      },
    };
    const next = updatedBaseline(explained, TARGET, [
      result({ 'a/1': 'failed', 'b/1': 'passed' }, 'other words'),
    ]);
    expect(next.suites).toEqual({
      posix: {
        passed: ['b/1'],
        known: [
          {
            id: 'a/1',
            state: 'failed',
            reason: 'no random writes',
            issue: 'https://github.com/rclone/rclone/issues/1',
          },
        ],
      },
      range: { passed: ['r/1'], known: [] },
    });
  });

  test('has no folder and no run id in a reason', () => {
    const reason = "ENOENT: open '/tmp/objectfs-20261122t144309-422407/posix/mount/x-1/file'\nat somewhere";
    const { suites } = updatedBaseline(undefined, TARGET, [result({ 'a/1': 'failed' }, reason)]);
    expect(suites['posix']?.known[0]?.reason).toBe("ENOENT: open 'PATH'");
  });

  test('that is not one is refused', async () => {
    await writeFile(baselinePath(folder, TARGET.name, TARGET.version), '{"schemaVersion": 2}');
    await expect(readBaseline(folder, TARGET.name, TARGET.version)).rejects.toThrow(/is no baseline/);
  });

  test('keeps what it had of a suite in which a case is broken', () => {
    const before = updatedBaseline(undefined, TARGET, [result({ 'a/1': 'failed' }, 'why')]);
    expect(updatedBaseline(before, TARGET, [result({ 'a/1': 'passed', 'a/2': 'broken' })])).toEqual(before);
    expect(updatedBaseline(undefined, TARGET, [result({ 'a/1': 'broken' })]).suites).toEqual({});
  });
});
