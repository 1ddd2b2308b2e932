import { formatInterval, formatRatio, formatSpeed } from '../format.js';
import { layoutBench, ratioAxis, type BenchRow } from '../layout/bench.js';
import { mountAxis } from '../layout/mounts.js';
import { layoutSuites } from '../layout/suites.js';
import { simulationSentence } from '../layout/simulation.js';
import type { MountBench, RunReport } from '../model.js';

/** Drawing data of one picture: what is drawn, not how. Sizes are in pixels at scale 1. */
export type Chart = ThroughputChart | RatioChart | SuitesChart;

interface ChartFrame {
  /** File name without its ending. */
  readonly name: string;
  readonly title: string;
  readonly subtitle: string;
  /** Printed large where the numbers are not a real service's. */
  readonly simulated?: string;
  readonly footer: string;
}

/** Grouped bars: one group per cell, one bar per arm. */
export interface ThroughputChart extends ChartFrame {
  readonly kind: 'throughput';
  readonly groups: readonly string[];
  readonly series: readonly {
    readonly arm: string;
    readonly values: readonly number[];
    readonly labels: readonly string[];
  }[];
}

/** Points with whiskers on a logarithmic axis: one row per cell. */
export interface RatioChart extends ChartFrame {
  readonly kind: 'ratio';
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
  readonly rows: readonly {
    readonly label: string;
    readonly estimate: number;
    readonly lower: number;
    readonly upper: number;
    readonly verdict: string;
    readonly text: string;
    readonly blocks: readonly number[];
  }[];
}

/** Stacked bars: one row per suite, one piece per state. */
export interface SuitesChart extends ChartFrame {
  readonly kind: 'suites';
  readonly rows: readonly {
    readonly label: string;
    readonly total: number;
    readonly pieces: readonly { readonly state: string; readonly count: number }[];
  }[];
}

/** The pictures of a run: throughput and ratio where something was measured, suites where some ran. */
export function layoutCharts(report: RunReport): Chart[] {
  const rows = layoutBench(report.bench);
  return [
    ...(rows.length === 0 ? [] : [throughputChart(report, rows), ratioChart(report, rows)]),
    ...(report.mounts === undefined ? [] : [mountsChart(report, report.mounts)]),
    ...(report.suites.length === 0 ? [] : [suitesChart(report)]),
  ];
}

function frame(report: RunReport): Pick<ChartFrame, 'simulated' | 'footer'> {
  return {
    ...(report.simulated === undefined ? {} : { simulated: simulationSentence(report.simulated) }),
    footer: `ObjectFS ${report.run.version}   run ${report.run.id}   seed ${report.run.seed}`,
  };
}

function throughputChart(report: RunReport, rows: readonly BenchRow[]): ThroughputChart {
  const arms = [...new Set(rows.flatMap((row) => row.bars.map((bar) => bar.arm)))];
  const speed = (row: BenchRow, arm: string) => row.bars.find((bar) => bar.arm === arm)?.mibPerSecond ?? 0;
  return {
    ...frame(report),
    kind: 'throughput',
    name: 'throughput',
    title: 'Throughput by arm',
    subtitle: 'MiB/s, total bytes over total time; every byte compared after the clock stopped',
    groups: rows.map(rowLabel),
    series: arms.map((arm) => ({
      arm,
      values: rows.map((row) => speed(row, arm)),
      labels: rows.map((row) => formatSpeed(speed(row, arm))),
    })),
  };
}

function ratioChart(report: RunReport, rows: readonly BenchRow[]): RatioChart {
  const { low, high, ticks } = ratioAxis(report.bench);
  return {
    ...frame(report),
    kind: 'ratio',
    name: 'ratio',
    title: ratioTitle(rows),
    subtitle:
      'Same bytes in paired blocks; point: 20 %-trimmed mean, whisker: 95 % bootstrap interval, dots: blocks',
    low,
    high,
    ticks,
    rows: rows.flatMap((row) => {
      if (row.main === undefined) return [];
      const { ratio, verdict, perBlock } = row.main;
      const text = `${formatRatio(ratio.estimate)}  (${formatInterval(ratio)})`;
      return [
        { label: rowLabel(row), ...ratio, verdict, text, blocks: perBlock.map((block) => block.ratio) },
      ];
    }),
  };
}

function ratioTitle(rows: readonly BenchRow[]): string {
  const main = rows.find((row) => row.main !== undefined)?.main;
  return main === undefined ? 'Speed-up' : `Speed of ${main.arm} against ${main.baseline}`;
}

/** One row per workload and other target. */
function mountsChart(report: RunReport, mounts: MountBench): RatioChart {
  const first = mounts.targets[0]?.target ?? '';
  return {
    ...frame(report),
    kind: 'ratio',
    name: 'mounts',
    title: `Speed of ${first} against other mounts`,
    subtitle:
      'Same work in interleaved blocks; point: 20 %-trimmed mean, whisker: 95 % bootstrap interval, dots: blocks',
    ...mountAxis(mounts),
    rows: mounts.cells.flatMap((cell) =>
      cell.comparisons.map(({ baseline, ratio, verdict, perBlock }) => ({
        label: `${cell.workload} / ${baseline}`,
        ...ratio,
        verdict,
        text: `${formatRatio(ratio.estimate)}  (${formatInterval(ratio)})`,
        blocks: perBlock.map((block) => block.ratio),
      })),
    ),
  };
}

function suitesChart(report: RunReport): SuitesChart {
  return {
    ...frame(report),
    kind: 'suites',
    name: 'suites',
    title: 'Cases by suite',
    subtitle: 'States are counted apart: a skipped or unsupported case is not a pass',
    rows: layoutSuites(report.suites).map(({ suite, counts }) => ({
      label: suite.control ? `${suite.suite} (control)` : suite.suite,
      total: suite.cases.length,
      pieces: counts.map(({ state, count }) => ({ state, count })),
    })),
  };
}

function rowLabel(row: BenchRow): string {
  return `${row.cell.operation} ${row.cell.label}`;
}
