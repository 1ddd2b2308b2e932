import { CASE_STATES, type CaseResult, type CaseState, type SuiteResult } from '../model.js';

/** States that a reader must look at first. */
const BAD: readonly CaseState[] = ['failed', 'hung', 'broken', 'unexpected-pass'];

export interface StateCount {
  readonly state: CaseState;
  readonly count: number;
  /** Share of all cases of the suite, for drawing only: states are never added together. */
  readonly share: number;
}

export interface OperationCoverage {
  readonly operation: string;
  /** Passed. */
  readonly covered: number;
  /** Those that could be run on this target: neither unsupported nor skipped. */
  readonly applicable: number;
  readonly total: number;
}

export interface SuiteRow {
  readonly suite: SuiteResult;
  readonly counts: readonly StateCount[];
  /** Things that its cases looked at. */
  readonly checks: number;
  readonly operations: readonly OperationCoverage[];
  readonly bad: readonly CaseResult[];
  /** What cases have measured. */
  readonly notes: readonly { readonly id: string; readonly note: string }[];
  /** The rest by group, in the order of the suite. */
  readonly groups: readonly { readonly group: string; readonly cases: readonly CaseResult[] }[];
}

/** Drawing data for the suites of a run. */
export function layoutSuites(suites: readonly SuiteResult[]): SuiteRow[] {
  return suites.map((suite) => ({
    suite,
    counts: countStates(suite.cases),
    checks: suite.cases.reduce((sum, { checks }) => sum + (checks ?? 0), 0),
    operations: coverage(suite.cases),
    bad: suite.cases.filter(isBad),
    notes: suite.cases.flatMap(({ id, note }) => (note === undefined ? [] : [{ id, note }])),
    groups: groupCases(suite.cases),
  }));
}

/** Whether the case speaks against target or machine. */
export function isBad(result: CaseResult): boolean {
  return BAD.includes(result.state);
}

/** Only states that occur, in the order of the model. */
export function countStates(cases: readonly CaseResult[]): StateCount[] {
  return CASE_STATES.map((state) => {
    const count = cases.filter((result) => result.state === state).length;
    return { state, count, share: cases.length === 0 ? 0 : count / cases.length };
  }).filter(({ count }) => count > 0);
}

function coverage(cases: readonly CaseResult[]): OperationCoverage[] {
  const names = [...new Set(cases.flatMap((result) => result.operations))].sort();
  return names.map((operation) => {
    const about = cases.filter((result) => result.operations.includes(operation));
    const applicable = about.filter(({ state }) => state !== 'unsupported' && state !== 'skipped');
    const covered = applicable.filter(({ state }) => state === 'passed');
    return { operation, covered: covered.length, applicable: applicable.length, total: about.length };
  });
}

function groupCases(cases: readonly CaseResult[]): SuiteRow['groups'] {
  const names = [...new Set(cases.map((result) => result.group))];
  return names.map((group) => ({ group, cases: cases.filter((result) => result.group === group) }));
}
