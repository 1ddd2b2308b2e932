import type { ClaimResult } from '../report/claim-model.js';
import type { BenchCell, CaseState, Cleanup, MountBench, RunReport, SuiteResult } from '../report/model.js';
import type { Selftest } from '../report/selftest-model.js';
import type { Storm } from '../report/storm-model.js';

/** States that decide against a target. */
const BAD: readonly CaseState[] = ['failed', 'hung', 'broken', 'unexpected-pass'];

export interface Judged {
  readonly verdict: RunReport['verdict'];
  readonly reasons: string[];
}

/**
 * The verdict of a run with one plain sentence for each thing that decided it. A failed control says that the suite
 * or this machine is at fault: then nothing is known of the target. A suite in which nothing passed decides nothing:
 * a skip is never a pass.
 */
export function judgeSuites(suites: readonly SuiteResult[], cleanup: readonly Cleanup[]): Judged {
  const controls = suites.filter((suite) => suite.control && countBad(suite) > 0);
  if (controls.length > 0) {
    const reasons = controls.map(
      (suite) =>
        `The control on a local directory did not pass ${suite.suite} (${describeBad(suite)}): ` +
        'the suite or this machine is at fault, so the target was not judged',
    );
    return { verdict: 'inconclusive', reasons };
  }
  const subjects = suites.filter((suite) => !suite.control);
  const failed = subjects
    .filter((suite) => countBad(suite) > 0)
    .map((suite) => `${suite.suite} on ${suite.target}: ${describeBad(suite)}`);
  const empty = subjects
    .filter((suite) => countBad(suite) === 0 && !suite.cases.some(counts))
    .map((suite) => `${suite.suite} on ${suite.target}: no case could be run (${describeOthers(suite)})`);
  const left = cleanupReasons(cleanup);
  if (failed.length > 0 || left.length > 0)
    return { verdict: 'failed', reasons: [...failed, ...empty, ...left] };
  if (empty.length > 0) return { verdict: 'inconclusive', reasons: empty };
  const passed = subjects.map((suite) => `${suite.suite} on ${suite.target}: ${describeOthers(suite)}`);
  return { verdict: 'passed', reasons: passed };
}

/** Of what a server allows, after the warm-up. */
const LEAST_GOODPUT_SHARE = 0.9;
const MOST_REFUSED_SHARE = 0.05;

/** Judged is `optimized` alone: the others know nothing of rates, and are there to be seen beside it. */
export function judgeStorm({ arms }: Storm, cleanup: readonly Cleanup[]): Judged {
  const judged = arms.filter(({ arm }) => arm === 'optimized');
  const failed = [
    ...judged
      .filter(({ goodputShare }) => goodputShare < LEAST_GOODPUT_SHARE)
      .map(
        ({ goodputShare }) => `optimized: goodput is ${goodputShare.toFixed(3)} of the allowed, under 0.9`,
      ),
    ...judged
      .filter(({ refusedShare }) => refusedShare >= MOST_REFUSED_SHARE)
      .map(({ refused, asked }) => `optimized: ${refused} of ${asked} requests were refused, 5 % or more`),
    ...judged
      .filter(({ failed: givenUp }) => givenUp > 0)
      .map(({ failed: givenUp }) => `optimized: ${givenUp} downloads were given up`),
    ...cleanupReasons(cleanup),
  ];
  if (failed.length > 0) return { verdict: 'failed', reasons: failed };
  if (judged.length === 0) return { verdict: 'failed', reasons: ['Nothing was measured'] };
  return {
    verdict: 'passed',
    reasons: ['optimized: goodput of at least 0.9 of the allowed, under 5 % of the requests refused'],
  };
}

/** A benchmark passes when every byte of every sample was compared and each comparison came to a result. */
export function judgeBench(cells: readonly BenchCell[], cleanup: readonly Cleanup[]): Judged {
  const failed = [
    ...cells.flatMap((cell) =>
      cell.arms
        .filter((arm) => arm.samples.some((sample) => !sample.verified))
        .map((arm) => `${cell.operation} of ${cell.label} by ${arm.arm}: not every byte was verified`),
    ),
    ...cleanupReasons(cleanup),
  ];
  if (failed.length > 0) return { verdict: 'failed', reasons: failed };
  if (cells.length === 0) return { verdict: 'failed', reasons: ['Nothing was measured'] };
  const open = cells.flatMap((cell) =>
    cell.comparisons
      .filter((comparison) => comparison.verdict === 'inconclusive')
      .map(
        (comparison) =>
          `${cell.operation} of ${cell.label}: ${comparison.arm} against ${comparison.baseline} is inconclusive ` +
          `after ${comparison.blocks} blocks`,
      ),
  );
  const all = cells.reduce((sum, cell) => sum + cell.comparisons.length, 0);
  if (all > 0 && open.length === all) return { verdict: 'inconclusive', reasons: open };
  return { verdict: 'passed', reasons: [`${cells.length} cells measured, every byte verified`, ...open] };
}

/** Every claim that was measured has to be reached; one that was not measured is told, and decides nothing. */
export function judgeClaims(claims: readonly ClaimResult[], cleanup: readonly Cleanup[]): Judged {
  const saying = (state: ClaimResult['state'], word: string) =>
    claims.filter((claim) => claim.state === state).map(({ says }) => `${word}: ${says}`);
  const failed = [...saying('missed', 'Missed'), ...cleanupReasons(cleanup)];
  const open = saying('open', 'Not decided');
  if (failed.length > 0) return { verdict: 'failed', reasons: [...failed, ...open] };
  const reached = claims.filter(({ state }) => state === 'reached').length;
  if (open.length > 0 || reached === 0) {
    return { verdict: 'inconclusive', reasons: open.length > 0 ? open : ['No claim was measured'] };
  }
  return {
    verdict: 'passed',
    reasons: [`${reached} claims reached`, ...saying('not-measured', 'Not measured')],
  };
}

/**
 * A bench through mounts passes when the first target did every workload, every result was right, and some comparison
 * came to an end. What another target can not do stands in its row and decides nothing.
 */
export function judgeMounts(
  { cells, experiment }: Pick<MountBench, 'cells' | 'experiment'>,
  cleanup: readonly Cleanup[],
): Judged {
  const failed = cells.flatMap((cell) => [
    ...cell.arms
      .filter((arm) => arm.samples.some((sample) => !sample.verified))
      .map((arm) => `${cell.label} on ${arm.arm}: a result was wrong`),
    ...cell.arms
      .slice(0, 1)
      .filter((arm) => arm.problem !== undefined)
      .map((arm) => `${cell.label} on ${arm.arm}: ${arm.problem ?? ''}`),
  ]);
  const left = cleanupReasons(cleanup);
  if (failed.length > 0 || left.length > 0) return { verdict: 'failed', reasons: [...failed, ...left] };
  if (cells.length === 0) return { verdict: 'failed', reasons: ['Nothing was measured'] };
  const comparisons = cells.flatMap((cell) => cell.comparisons);
  const open = comparisons.filter(({ verdict }) => verdict === 'inconclusive').length;
  const reasons = [`${cells.length} workloads measured in ${experiment.plannedBlocks} planned blocks`];
  if (open > 0) reasons.push(`${open} of ${comparisons.length} comparisons are inconclusive`);
  const isOpen = comparisons.length > 0 && open === comparisons.length;
  return { verdict: isOpen ? 'inconclusive' : 'passed', reasons };
}

/** A defect that no case noticed is a hole in the suites; a case that fails without one makes the board worthless. */
export function judgeSelftest({ control, mutants }: Selftest, cleanup: readonly Cleanup[]): Judged {
  const reasons = [
    ...control.bad.map(({ id, reason }) => `Without any defect ${id} did not pass: ${reason}`),
    ...mutants
      .filter(({ state }) => state === 'missed')
      .map(({ id, sentence }) => `No case noticed ${id}: ${sentence}`),
    ...mutants
      .filter(({ state }) => state === 'broken')
      .map(({ id, reason }) => `With ${id} the mount broke, so nothing is known: ${reason ?? 'no reason'}`),
    ...cleanupReasons(cleanup),
  ];
  if (mutants.length === 0) reasons.push('No defect was planted');
  if (reasons.length > 0) return { verdict: 'failed', reasons };
  return { verdict: 'passed', reasons: [`${mutants.length} planted defects, each noticed by a case`] };
}

function counts(result: SuiteResult['cases'][number]): boolean {
  return result.state === 'passed' || result.state === 'expected-failure';
}

function countBad(suite: SuiteResult): number {
  return suite.cases.filter((result) => BAD.includes(result.state)).length;
}

/** `3 of 150 cases failed, 1 hung`. */
function describeBad(suite: SuiteResult): string {
  return `${countStates(suite, BAD)} of ${suite.cases.length} cases`;
}

/** `148 passed, 2 skipped`. */
function describeOthers(suite: SuiteResult): string {
  return countStates(suite, ['passed', 'expected-failure', 'unsupported', 'skipped']);
}

function countStates(suite: SuiteResult, states: readonly CaseState[]): string {
  return states
    .map((state) => ({ state, count: suite.cases.filter((result) => result.state === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => `${count} ${state}`)
    .join(', ');
}

function cleanupReasons(cleanup: readonly Cleanup[]): string[] {
  return cleanup
    .filter((entry) => !entry.proven)
    .map((entry) => `The bucket ${entry.bucket} was not removed: ${entry.problem ?? 'it is still listed'}`);
}
