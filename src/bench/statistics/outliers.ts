import { quantileOfSorted } from './location.js';

/**
 * Marks the values that lie more than three interquartile ranges outside the quartiles (Tukey 1977, "far out").
 * A mark is shown beside the result; no value is ever dropped because of it.
 */
export function severeOutliers(values: readonly number[]): boolean[] {
  const sorted = Float64Array.from(values).sort();
  const lowerQuartile = quantileOfSorted(sorted, 0.25);
  const upperQuartile = quantileOfSorted(sorted, 0.75);
  const reach = 3 * (upperQuartile - lowerQuartile);
  return values.map((value) => value < lowerQuartile - reach || value > upperQuartile + reach);
}
