import { formatCount } from '../format.js';
import type { CaseResult, RequestCount, RunReport, SuiteResult } from '../model.js';
import { dollarsPerMillion, formatDollars, perMillionRuns, PRICES_AS_OF, sumOf } from '../prices.js';

/** `1,234 requests (12 refused, 3 sent again); on S3 Standard (us-east-1, 2025-11) $5.40 per million runs`. */
export function costSentence(requests: readonly RequestCount[]): string {
  const { count, errors, retries } = sumOf(requests);
  const marks = [
    ...(errors > 0 ? [`${formatCount(errors)} refused`] : []),
    ...(retries > 0 ? [`${formatCount(retries)} sent again`] : []),
  ];
  const marked = marks.length === 0 ? '' : ` (${marks.join(', ')})`;
  return `${formatCount(count)} requests${marked}; on S3 Standard (us-east-1, ${PRICES_AS_OF}) ${perMillionRuns(requests)}`;
}

/** `200 x 3, 404, none x 2`: replies by status. */
export function statusText({ statuses = {} }: RequestCount): string {
  return Object.entries(statuses)
    .map(([status, count]) => (count === 1 ? status : `${status} x ${formatCount(count)}`))
    .join(', ');
}

/** `GetObject 2, ListObjectsV2 1`. */
export function operationText(requests: readonly RequestCount[]): string {
  return requests.map(({ operation, count }) => `${operation} ${formatCount(count)}`).join(', ');
}

/** A case whose requests were counted. */
export type CostedCase = CaseResult & { readonly requests: RequestCount[] };

/** Cases whose requests were counted, the dearest first. */
export function dearestCases({ cases }: SuiteResult): CostedCase[] {
  return cases
    .flatMap((result) =>
      result.requests === undefined || result.requests.length === 0
        ? []
        : [{ ...result, requests: result.requests }],
    )
    .sort(
      (a, b) =>
        cost(b) - cost(a) || sumOf(b.requests).count - sumOf(a.requests).count || (a.id < b.id ? -1 : 1),
    );
}

function cost({ requests }: CostedCase): number {
  return dollarsPerMillion(requests);
}

/** One workload with what it costs in each run; a run that has it not has an empty text. */
export interface CostRow {
  readonly what: string;
  readonly cells: readonly string[];
}

/** What the same work costs in several runs: whole suites and workloads, then single cases, the dearest first. */
export function compareCosts(reports: readonly RunReport[]): {
  readonly wholes: readonly CostRow[];
  readonly cases: readonly CostRow[];
} {
  const runs = reports.map(costsOf);
  const rows = (pick: (costs: RunCosts) => ReadonlyMap<string, CostEntry>): CostRow[] => {
    const names = [...new Set(runs.flatMap((run) => [...pick(run).keys()]))];
    const most = (what: string): number => Math.max(...runs.map((run) => pick(run).get(what)?.dollars ?? 0));
    return names
      .map((what) => ({ what, most: most(what), cells: runs.map((run) => pick(run).get(what)?.text ?? '') }))
      .sort((a, b) => b.most - a.most)
      .map(({ what, cells }) => ({ what, cells }));
  };
  return { wholes: rows(({ wholes }) => wholes), cases: rows(({ cases }) => cases) };
}

interface CostEntry {
  readonly dollars: number;
  readonly text: string;
}

interface RunCosts {
  readonly wholes: ReadonlyMap<string, CostEntry>;
  readonly cases: ReadonlyMap<string, CostEntry>;
}

function costsOf(report: RunReport): RunCosts {
  const suites = report.suites.filter(({ control }) => !control);
  const ofSuites = suites.flatMap((suite): [string, CostEntry][] =>
    suite.requests === undefined ? [] : [[`suite ${suite.suite}`, entryOf(suite.target, suite.requests)]],
  );
  const ofWorkloads = (report.mounts?.cells ?? []).map(({ label, arms }): [string, CostEntry] => {
    const entries = arms.filter(({ requests }) => requests.length > 0);
    const dollars = Math.max(0, ...entries.map(({ requests }) => dollarsPerMillion(requests)));
    const text = entries.map(({ arm, requests }) => `${arm}: ${formatDollars(dollarsPerMillion(requests))}`);
    return [`workload ${label}`, { dollars, text: text.join(', ') }];
  });
  const ofCases = suites.flatMap((suite) =>
    dearestCases(suite).map((result): [string, CostEntry] => {
      const mark = result.state === 'passed' ? suite.target : `${suite.target}, ${result.state}`;
      return [`${suite.suite}:${result.id}`, entryOf(mark, result.requests)];
    }),
  );
  return { wholes: new Map([...ofSuites, ...ofWorkloads]), cases: new Map(ofCases) };
}

function entryOf(target: string, requests: readonly RequestCount[]): CostEntry {
  const dollars = dollarsPerMillion(requests);
  const text = `${target}: ${formatDollars(dollars)}, ${formatCount(sumOf(requests).count)} requests`;
  return { dollars, text };
}
