import { bootstrapTrimmedMean, exponential, type BootstrapOptions, type Interval } from './bootstrap.js';
import { median } from './location.js';
import { severeOutliers } from './outliers.js';
import { wilcoxonSignedRank } from './wilcoxon.js';

/** Elapsed times of one block, in ms: both runs of the baseline and the run of the arm. */
export interface BlockTimes {
  readonly block: number;
  readonly baselineMs: number;
  readonly baselineAgainMs: number;
  readonly armMs: number;
}

export interface PairedComparison {
  readonly ratio: Interval;
  readonly median: number;
  readonly blocks: number;
  readonly wins: number;
  readonly wilcoxonP: number;
  readonly perBlock: readonly BlockRatio[];
  /** The ratio again without the marked blocks; present where there are any. */
  readonly withoutOutliers?: Interval;
}

/** Speed-up of one block; above 1 the arm was faster. */
export interface BlockRatio {
  readonly block: number;
  readonly ratio: number;
  readonly outlier: boolean;
}

/**
 * Compares an arm with its baseline, block by block. The speed-up of a block is the geometric mean of both baseline
 * times over the arm's time: the second baseline run halves the baseline's part of the noise for free.
 */
export function comparePaired(blocks: readonly BlockTimes[], options: BootstrapOptions): PairedComparison {
  return compareLogs(
    blocks.map(({ block, baselineMs, baselineAgainMs, armMs }) => ({
      block,
      logRatio: (Math.log(baselineMs) + Math.log(baselineAgainMs)) / 2 - Math.log(armMs),
    })),
    options,
  );
}

/** Ratio of the first to the second run of identical code: what this cell shows where there is no difference. */
export function noiseFloor(blocks: readonly BlockTimes[], options: BootstrapOptions): Interval {
  const logRatios = blocks.map((times) => Math.log(times.baselineMs / times.baselineAgainMs));
  return exponential(bootstrapTrimmedMean(logRatios, options));
}

/** {@link comparePaired} for log speed-ups that were made elsewhere. */
export function compareLogs(
  blocks: readonly { readonly block: number; readonly logRatio: number }[],
  options: BootstrapOptions,
): PairedComparison {
  const logRatios = blocks.map(({ logRatio }) => logRatio);
  const outliers = severeOutliers(logRatios);
  const kept = logRatios.filter((_, index) => outliers[index] !== true);
  return {
    ratio: exponential(bootstrapTrimmedMean(logRatios, options)),
    median: Math.exp(median(logRatios)),
    blocks: blocks.length,
    wins: logRatios.filter((value) => value > 0).length,
    wilcoxonP: wilcoxonSignedRank(logRatios),
    perBlock: blocks.map(({ block, logRatio }, index) => ({
      block,
      ratio: Math.exp(logRatio),
      outlier: outliers[index] === true,
    })),
    ...(kept.length === logRatios.length
      ? {}
      : { withoutOutliers: exponential(bootstrapTrimmedMean(kept, options)) }),
  };
}
