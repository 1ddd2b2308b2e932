import type { BenchCell, Comparison, Ratio } from '../model.js';

export interface ArmBar {
  readonly arm: string;
  readonly mibPerSecond: number;
  /** Share of the longest bar of the same operation and cell, 0 to 1. */
  readonly share: number;
}

export interface RatioPlot {
  readonly estimate: number;
  readonly lower: number;
  readonly upper: number;
  readonly one: number;
  readonly bandStart: number;
  readonly bandEnd: number;
  readonly dots: readonly { readonly x: number; readonly block: number; readonly outlier: boolean }[];
  readonly ticks: readonly { readonly x: number; readonly value: number }[];
}

export interface BenchRow {
  readonly cell: BenchCell;
  readonly bars: readonly ArmBar[];
  /** Optimized against plain, else the first pair; absent where nothing was compared. */
  readonly main?: Comparison;
  readonly others: readonly Comparison[];
  /** Positions 0 to 1 on a logarithmic axis that all rows share. */
  readonly plot?: RatioPlot;
  /** Samples whose bytes did not match. */
  readonly mismatches: number;
  readonly fallbacks: readonly string[];
}

/** Drawing data for the table of a benchmark: no markup and no pixels. */
export function layoutBench(cells: readonly BenchCell[]): BenchRow[] {
  const axis = ratioAxis(cells);
  return cells.map((cell) => {
    const main = mainComparison(cell);
    const samples = cell.arms.flatMap((arm) => arm.samples);
    return {
      cell,
      bars: armBars(cell),
      ...(main === undefined ? {} : { main, plot: plotRatio(main, axis) }),
      others: cell.comparisons.filter((comparison) => comparison !== main),
      mismatches: samples.filter((sample) => !sample.verified).length,
      fallbacks: samples.flatMap((sample) => (sample.fallback === undefined ? [] : [sample.fallback])),
    };
  });
}

/** Optimized against plain where it is there, else whatever was compared first. */
export function mainComparison(cell: BenchCell): Comparison | undefined {
  const wanted = cell.comparisons.find((entry) => entry.arm === 'optimized' && entry.baseline === 'plain');
  return wanted ?? cell.comparisons[0];
}

function armBars(cell: BenchCell): ArmBar[] {
  const shown = cell.arms.filter(({ arm }) => !arm.endsWith('-again'));
  const fastest = Math.max(...shown.map((arm) => arm.mibPerSecond));
  return shown.map(({ arm, mibPerSecond }) => ({ arm, mibPerSecond, share: mibPerSecond / fastest }));
}

/** A logarithmic axis: position 0 to 1 of a ratio. */
export interface RatioAxis {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** One axis for all cells, so that rows can be compared by eye; it always shows a little on both sides of 1. */
export function ratioAxis(cells: readonly BenchCell[]): RatioAxis {
  return axisOf(cells.flatMap((cell) => mainComparison(cell) ?? []));
}

/** An axis on which all of these comparisons can be drawn. */
export function axisOf(comparisons: readonly Comparison[]): RatioAxis {
  const values = comparisons.flatMap(({ ratio, perBlock }) => [
    ratio.lower,
    ratio.upper,
    ...perBlock.map((block) => block.ratio),
  ]);
  const low = Math.min(0.8, ...values) / 1.06;
  const high = Math.max(1.25, ...values) * 1.06;
  const wide = [0.125, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256];
  const narrow = [0.5, 0.8, 1, 1.25, 1.5, 2];
  const ticks = (high / low > 3 ? wide : narrow).filter((tick) => tick > low && tick < high);
  return { low, high, ticks };
}

export function axisPosition(axis: RatioAxis, ratio: number): number {
  const position = Math.log(ratio / axis.low) / Math.log(axis.high / axis.low);
  return Math.round(Math.min(1, Math.max(0, position)) * 1e4) / 1e4;
}

function plotRatio(comparison: Comparison, axis: RatioAxis): RatioPlot {
  const at = (ratio: number) => axisPosition(axis, ratio);
  const { estimate, lower, upper }: Ratio = comparison.ratio;
  return {
    estimate: at(estimate),
    lower: at(lower),
    upper: at(upper),
    one: at(1),
    bandStart: at(1 - comparison.margin),
    bandEnd: at(1 + comparison.margin),
    dots: comparison.perBlock.map(({ block, ratio, outlier }) => ({ x: at(ratio), block, outlier })),
    ticks: axis.ticks.map((value) => ({ x: at(value), value })),
  };
}
