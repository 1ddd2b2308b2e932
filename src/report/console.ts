import { formatCount, formatDuration, formatInterval, formatRatio, formatSpeed } from './format.js';
import { layoutBench, type BenchRow } from './layout/bench.js';
import { layoutClaims, type ClaimRow } from './layout/claims.js';
import { costSentence } from './layout/costs.js';
import { layoutHeadline } from './layout/headline.js';
import { layoutMounts, type MountRow } from './layout/mounts.js';
import { layoutSuites, type SuiteRow } from './layout/suites.js';
import { simulationSentence } from './layout/simulation.js';
import type { Comparison, RunReport } from './model.js';
import type { Selftest } from './selftest-model.js';

/** Cases named on the console; the rest is in the report. */
const MOST_CASES = 10;

/** Plain text for the end of a run: what came out, what failed, what is left behind. Paths are the caller's. */
export function consoleSummary(report: RunReport): string {
  const headline = layoutHeadline(report);
  const simulated = report.simulated === undefined ? [] : [simulationSentence(report.simulated), ''];
  const lines = [
    '',
    ...simulated,
    `${report.verdict.toUpperCase()}  ${headline.title}`,
    ...headline.details.map((detail) => `  ${detail}`),
    ...claimLines(layoutClaims(report.claims)),
    ...benchLines(layoutBench(report.bench)),
    ...layoutMounts(report.mounts).flatMap(mountLines),
    ...selftestLines(report.selftest),
    ...layoutSuites(report.suites).flatMap(suiteLines),
    ...reasonLines(report),
    ...cleanupLines(report),
    '',
  ];
  return lines.join('\n');
}

/** A line per claim, and why where it was not measured or not decided. */
function claimLines(rows: readonly ClaimRow[]): string[] {
  if (rows.length === 0) return [];
  const wide = (texts: readonly string[]) => Math.max(...texts.map((text) => text.length));
  const state = wide(rows.map((row) => row.state));
  const says = wide(rows.map((row) => row.says));
  return [
    '',
    ...rows.map((row) => {
      const why = row.reason === '' ? '' : `  ${firstLine(row.reason)}`;
      return `  ${row.state.padEnd(state)}  ${row.says.padEnd(says)}  ${row.found}${why}`.trimEnd();
    }),
  ];
}

/** A line per defect: who noticed it and when. */
function selftestLines(selftest: Selftest | undefined): string[] {
  if (selftest === undefined) return [];
  const width = Math.max(...selftest.mutants.map(({ id }) => id.length));
  return selftest.mutants.map(({ id, state, by, reason, elapsedMs, cases }) => {
    const missed = state === 'broken' ? `BROKEN: ${reason ?? 'no reason'}` : `MISSED by ${cases} cases`;
    const who = by === undefined ? missed : `${by.suite}:${by.id}`;
    return `  ${id.padEnd(width)}  ${state === 'caught' ? formatDuration(elapsedMs).padStart(8) : '       -'}  ${who}`;
  });
}

function benchLines(rows: readonly BenchRow[]): string[] {
  if (rows.length === 0) return [];
  const table = rows.map((row) => [
    row.cell.operation,
    row.cell.label,
    ...row.bars.map((bar) => `${bar.arm} ${formatSpeed(bar.mibPerSecond)}`),
    row.main === undefined
      ? ''
      : `${formatRatio(row.main.ratio.estimate)} (${formatInterval(row.main.ratio)}), ${row.main.verdict}`,
  ]);
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  );
  const aligned = table.map((line) =>
    line.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '),
  );
  return [
    '',
    `  MiB/s by arm; ratio of ${pairText(rows[0]?.main)} with its 95 % interval`,
    ...aligned.map((line) => `  ${line.trimEnd()}`),
    ...rivalLines(rows),
  ];
}

function pairText(main: Comparison | undefined): string {
  return main === undefined ? 'the first arms' : `${main.arm} to ${main.baseline}`;
}

/** A line per pair of arms but the main ones; three arms have theirs in the report. */
function rivalLines(rows: readonly BenchRow[]): string[] {
  if (rows.every((row) => row.bars.length <= 3)) return [];
  const lines = rows.flatMap((row) =>
    row.others.map((entry) => ({
      what: `${row.cell.operation} ${row.cell.label}`,
      pair: `${entry.arm} to ${entry.baseline}`,
      ratio: `${formatRatio(entry.ratio.estimate)} (${formatInterval(entry.ratio)}), ${entry.verdict}`,
    })),
  );
  const wide = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => text.length));
  const what = wide(lines.map((line) => line.what));
  const pair = wide(lines.map((line) => line.pair));
  return [
    '',
    ...lines.map((line) => `  ${line.what.padEnd(what)}  ${line.pair.padEnd(pair)}  ${line.ratio}`),
  ];
}

/** A workload, then a line per target: time, rate, speed of the first target against it, requests. */
function mountLines(row: MountRow): string[] {
  const width = Math.max(...row.arms.map(({ arm }) => arm.length));
  const lines = row.arms.map((arm) => {
    const comparison = row.comparisons.find((entry) => entry.baseline === arm.arm);
    const ratio =
      comparison === undefined
        ? ''
        : `${formatRatio(comparison.ratio.estimate)} (${formatInterval(comparison.ratio)}), ${comparison.verdict}`;
    const why = arm.problem === undefined ? '' : `  ${firstLine(arm.problem)}`;
    const requests = arm.requests === '' ? '' : `  requests ${arm.requests}`;
    const columns = [arm.arm.padEnd(width), arm.time.padStart(12), arm.rate.padStart(15), ratio.padEnd(38)];
    return `    ${columns.join('  ')}${requests}${why}`.trimEnd();
  });
  return ['', `  ${row.cell.workload}: ${row.cell.label}`, ...lines];
}

function suiteLines(row: SuiteRow): string[] {
  const counts = row.counts.map(({ state, count }) => `${formatCount(count)} ${state}`).join(', ');
  const control = row.suite.control ? ' (control)' : '';
  const checks = row.checks === 0 ? '' : `, ${formatCount(row.checks)} checks`;
  const shown = row.bad
    .slice(0, MOST_CASES)
    .map((result) => `    ${result.state}  ${result.id}: ${firstLine(result.reason ?? result.says)}`);
  const more =
    row.bad.length > MOST_CASES ? [`    and ${row.bad.length - MOST_CASES} more in the report`] : [];
  return [
    '',
    `  ${row.suite.suite} on ${row.suite.target}${control}: ${counts || 'no case'}${checks}, ${formatDuration(row.suite.elapsedMs)}`,
    ...(row.suite.requests === undefined ? [] : [`    ${costSentence(row.suite.requests)}`]),
    ...(row.suite.drift ?? []).map(({ says }) => `    drift: ${firstLine(says)}`),
    ...shown,
    ...more,
    ...row.notes.map(({ id, note }) => `    measured  ${id}: ${firstLine(note)}`),
  ];
}

function reasonLines(report: RunReport): string[] {
  if (report.verdict === 'passed' || report.reasons.length === 0) return [];
  return ['', ...report.reasons.map((reason) => `  ${report.verdict}: ${reason}`)];
}

function cleanupLines(report: RunReport): string[] {
  const left = report.cleanup.filter((entry) => !entry.proven);
  if (left.length === 0) {
    return report.cleanup.length === 0 ? [] : ['', '  Buckets removed, and a listing proved it'];
  }
  return [
    '',
    ...left.map((entry) => `  LEFT BEHIND: bucket ${entry.bucket}: ${entry.problem ?? 'not proven gone'}`),
  ];
}

function firstLine(text: string): string {
  // Control characters could move the cursor or colour the terminal.
  // eslint-disable-next-line no-control-regex -- they are what is replaced
  return (text.split('\n', 1)[0] ?? '').replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
