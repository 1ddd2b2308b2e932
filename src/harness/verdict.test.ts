import type { CaseState, SuiteResult } from '../report/model.js';
import { parseCpuTimes, stealShare } from './environment.js';
import { parseMounts } from './mounts.js';
import type { ClaimResult } from '../report/claim-model.js';
import { judgeBench, judgeClaims, judgeSuites } from './verdict.js';

function suite(states: readonly CaseState[], control = false): SuiteResult {
  const cases = states.map((state, index) => ({
    id: `a/${index}`,
    says: 'it works',
    group: 'a',
    operations: [],
    state,
    elapsedMs: 1,
    seed: 1,
  }));
  return { suite: 'posix', target: 'objectfs', control, elapsedMs: 1, cases };
}

describe('the verdict on suites', () => {
  test.each<[CaseState]>([['failed'], ['hung'], ['broken'], ['unexpected-pass']])(
    'one %s case fails the run',
    (state) => {
      const judged = judgeSuites([suite(['passed', state])], []);
      expect(judged).toEqual({ verdict: 'failed', reasons: [`posix on objectfs: 1 ${state} of 2 cases`] });
    },
  );

  test('known failures and skips beside passed cases pass', () => {
    const judged = judgeSuites([suite(['passed', 'expected-failure', 'skipped', 'unsupported'])], []);
    expect(judged.verdict).toBe('passed');
  });

  test('a suite in which everything was skipped decides nothing', () => {
    expect(judgeSuites([suite(['skipped', 'unsupported'])], []).verdict).toBe('inconclusive');
  });

  test('a control that fails makes the target unjudged', () => {
    const judged = judgeSuites([suite(['failed'], true), suite(['passed'])], []);
    expect(judged.verdict).toBe('inconclusive');
    expect(judged.reasons[0]).toContain('the target was not judged');
  });

  test('a bucket that was not removed fails the run', () => {
    const cleanup = { bucket: 'b', removedObjects: 0, removedUploads: 0, proven: false, problem: 'denied' };
    const judged = judgeSuites([suite(['passed'])], [cleanup]);
    expect(judged).toEqual({ verdict: 'failed', reasons: ['The bucket b was not removed: denied'] });
  });
});

describe('the verdict on claims', () => {
  const claim = (state: ClaimResult['state']): ClaimResult => ({
    says: state,
    state,
    bound: 1,
    side: 'least',
  });

  test('one that was missed fails the run, one that is open leaves it open, one not measured decides nothing', () => {
    const verdict = (...states: ClaimResult['state'][]) => judgeClaims(states.map(claim), []).verdict;
    expect(verdict('reached', 'not-measured')).toBe('passed');
    expect(verdict('reached', 'open')).toBe('inconclusive');
    expect(verdict('reached', 'open', 'missed')).toBe('failed');
    expect(verdict('not-measured')).toBe('inconclusive');
    expect(judgeClaims([claim('reached'), claim('missed')], []).reasons).toEqual(['Missed: missed']);
  });
});

test('a benchmark that measured nothing fails', () => {
  expect(judgeBench([], []).verdict).toBe('failed');
});

test('steal is the share of the time between two readings of /proc/stat', () => {
  const before = parseCpuTimes('cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 2\n');
  const after = parseCpuTimes('cpu  150 0 100 830 0 0 0 20 0 0\ncpu0 1 2\n');
  expect(stealShare(before, after)).toBeCloseTo(0.2);
  expect(parseCpuTimes('')).toBeUndefined();
});

test('a mount point with a blank is read from the mount table as it is', () => {
  const line =
    '36 35 0:98 / /mnt/my\\040bucket rw,noatime shared:1 - fuse.objectfs s3://bucket rw,user_id=0\n';
  expect(parseMounts(line)).toEqual([
    { mountPoint: '/mnt/my bucket', fileSystem: 'fuse.objectfs', source: 's3://bucket', deviceMinor: 98 },
  ]);
});
