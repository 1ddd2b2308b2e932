import type { Interval } from './bootstrap.js';

export type ComparisonVerdict = 'faster' | 'slower' | 'equivalent' | 'inconclusive';

/** Below this count of pairs the bootstrap interval is too narrow (measured: 6 to 18 % false calls at 5 pairs). */
export const MINIMUM_BLOCKS = 10;

/** Differences smaller than this are of no practical matter, found or not. */
export const DEFAULT_MARGIN = 0.05;

const SIGNIFICANCE = 0.05;

export interface VerdictFacts {
  /** Speed ratio with its interval; above 1 is faster. */
  readonly ratio: Interval;
  /** Ratio of two runs of the same code. */
  readonly noiseFloor: Interval;
  /** Practical margin as a share: 0.05. */
  readonly margin: number;
  readonly blocks: number;
  /** Wilcoxon p after Benjamini and Hochberg over all comparisons of the run. */
  readonly adjustedP: number;
}

/** The margin in force: the declared one, but never below what identical code showed as a difference. */
export function effectiveMargin(margin: number, noiseFloor: Interval): number {
  return Math.max(margin, noiseFloor.upper - 1, 1 / noiseFloor.lower - 1);
}

/**
 * Faster, slower or equivalent only where the whole interval says so. Inconclusive also where identical code came out
 * different, where there are fewer than {@link MINIMUM_BLOCKS}, and where the family-wise test does not agree.
 */
export function decide(facts: VerdictFacts): ComparisonVerdict {
  const { ratio, noiseFloor, blocks, adjustedP } = facts;
  if (blocks < MINIMUM_BLOCKS || excludesOne(noiseFloor)) return 'inconclusive';
  const margin = effectiveMargin(facts.margin, noiseFloor);
  if (ratio.lower > 1 + margin) return adjustedP <= SIGNIFICANCE ? 'faster' : 'inconclusive';
  if (ratio.upper < 1 - margin) return adjustedP <= SIGNIFICANCE ? 'slower' : 'inconclusive';
  return ratio.lower >= 1 - margin && ratio.upper <= 1 + margin ? 'equivalent' : 'inconclusive';
}

/** For the A/A pair: identical code was called different, so this cell's numbers can not be trusted. */
export function excludesOne(interval: Interval): boolean {
  return interval.lower > 1 || interval.upper < 1;
}
