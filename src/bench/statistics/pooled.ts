import { createRandom } from '../../random/random.js';
import type { BootstrapOptions, Interval } from './bootstrap.js';
import { quantileOfSorted } from './location.js';

const { floor } = Math; // once: see random.ts

/** What one block has measured of both sides. */
export interface PairedValues {
  readonly own: readonly number[];
  readonly other: readonly number[];
}

/**
 * Ratio of a quantile of all values of one side to that of the other, with its percentile bootstrap interval over
 * blocks: a block is drawn with all values of both sides, for values of one block are not independent.
 *
 * @returns NaN where a side has no value.
 */
export function bootstrapQuantileRatio(
  blocks: readonly PairedValues[],
  probability: number,
  { seed, resamples = 2000, confidence = 0.95 }: BootstrapOptions,
): Interval {
  const random = createRandom(seed);
  const ratios = new Float64Array(resamples);
  for (let resample = 0; resample < resamples; resample += 1) {
    const drawn = blocks.flatMap(() => blocks[floor(random() * blocks.length)] ?? []);
    ratios[resample] = quantileRatio(drawn, probability);
  }
  ratios.sort();
  const tail = (1 - confidence) / 2;
  return {
    estimate: quantileRatio(blocks, probability),
    lower: quantileOfSorted(ratios, tail),
    upper: quantileOfSorted(ratios, 1 - tail),
  };
}

function quantileRatio(blocks: readonly PairedValues[], probability: number): number {
  const quantile = (values: readonly number[]) =>
    quantileOfSorted(Float64Array.from(values).sort(), probability);
  return quantile(blocks.flatMap(({ own }) => own)) / quantile(blocks.flatMap(({ other }) => other));
}
