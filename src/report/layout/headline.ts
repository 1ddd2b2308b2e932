import { formatCount, formatInterval, formatRatio } from '../format.js';
import type { Experiment, MountBench, RunReport } from '../model.js';
import type { Selftest } from '../selftest-model.js';
import { claimSentences } from './claims.js';
import { mountSentences } from './mounts.js';
import { stormSentences } from './storm.js';
import { countStates } from './suites.js';

export interface Headline {
  /** `Passed`. */
  readonly verdict: RunReport['verdict'];
  /** The one sentence that a reader takes away. */
  readonly title: string;
  /** What it rests on. */
  readonly details: readonly string[];
}

/** The headline of a run: of the benchmark where there is one, of the suites otherwise, of both in the details. */
export function layoutHeadline(report: RunReport): Headline {
  const bench = [
    ...claimSentences(report.claims),
    ...benchSentences(report),
    ...stormSentences(report.storm),
    ...(report.mounts === undefined ? [] : mountLines(report.mounts)),
  ];
  const suites = report.suites.map((suite) => {
    const counts = countStates(suite.cases).map(({ state, count }) => `${formatCount(count)} ${state}`);
    return `${suite.suite} on ${suite.target}: ${counts.join(', ') || 'no case'}`;
  });
  const lines = [...bench, ...suites];
  const title = bench.length > 0 ? (bench[0] ?? '') : suiteTitle(report);
  return { verdict: report.verdict, title, details: lines.filter((line) => line !== title) };
}

function benchSentences(report: RunReport): string[] {
  if (report.bench.length === 0) return [];
  const row = report.experiment?.summary.find(
    (entry) => entry.arm === 'optimized' && entry.baseline === 'plain',
  );
  const blocks = Math.min(...report.bench.flatMap((cell) => cell.comparisons.map((entry) => entry.blocks)));
  const samples = report.bench.flatMap((cell) => cell.arms.flatMap((arm) => arm.samples));
  const wrong = samples.filter((sample) => !sample.verified).length;
  const bytes =
    wrong === 0
      ? `Every byte of ${formatCount(samples.length)} transfers was compared`
      : `${formatCount(wrong)} of ${formatCount(samples.length)} transfers moved wrong bytes`;
  if (row === undefined) return [`${report.bench.length} cells measured`, bytes];
  return [
    summaryTitle(row),
    `95 % interval ${formatInterval(row.ratio)}, geometric mean over ${row.cells} cells of ${blocks} blocks each`,
    bytes,
  ];
}

function mountLines(mounts: MountBench): string[] {
  const sentences = mountSentences(mounts);
  const samples = mounts.cells.flatMap((cell) => cell.arms.flatMap((arm) => arm.samples));
  const wrong = samples.filter((sample) => !sample.verified).length;
  const count = formatCount(samples.length);
  return [
    ...(sentences.length === 0 ? [`${mounts.cells.length} workloads measured`] : sentences),
    wrong === 0 ? `The result of each of ${count} runs was compared` : `${wrong} of ${count} runs were wrong`,
  ];
}

function summaryTitle(row: Experiment['summary'][number]): string {
  switch (row.verdict) {
    case 'faster':
      return `Optimized transfer runs at ${formatRatio(row.ratio.estimate)} the speed of plain`;
    case 'slower':
      return `Optimized transfer is slower than plain: ${formatRatio(row.ratio.estimate)} its speed`;
    case 'equivalent':
      return 'Optimized and plain transfer are equally fast';
    case 'inconclusive':
      return 'No verdict on optimized against plain transfer';
  }
}

function suiteTitle(report: RunReport): string {
  if (report.selftest !== undefined) return selftestTitle(report.selftest);
  if (report.suites.length === 0) return 'Nothing was run';
  const subjects = report.suites.filter((suite) => !suite.control);
  const names = subjects.map((suite) => suite.suite).join(', ');
  const passed = subjects.flatMap((suite) => suite.cases).filter(({ state }) => state === 'passed').length;
  const total = subjects.reduce((sum, suite) => sum + suite.cases.length, 0);
  return `${names || 'control'}: ${formatCount(passed)} of ${formatCount(total)} cases passed`;
}

function selftestTitle({ mutants }: Selftest): string {
  const caught = mutants.filter(({ state }) => state === 'caught');
  const quick = caught.filter(({ by }) => by?.tier === 'quick');
  return `${caught.length} of ${mutants.length} planted defects were noticed, ${quick.length} by cases of the quick tier`;
}
