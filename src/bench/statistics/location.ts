const { floor, ceil } = Math; // once: see random.ts

/**
 * Mean of what is left after the lowest and the highest `fraction` of the values are set aside: 20 % of 24 values
 * sets aside 4 at each end. Robust against single disturbed blocks, and none of them is deleted from the data.
 *
 * @param fraction - Share cut at each end, 0 to under 0.5. @defaultValue 0.2
 * @returns NaN for no values.
 */
export function trimmedMean(values: ArrayLike<number>, fraction = 0.2): number {
  return trimmedMeanOfSorted(Float64Array.from(values).sort(), fraction);
}

/** {@link trimmedMean} of values that are in ascending order already. */
export function trimmedMeanOfSorted(sorted: Float64Array, fraction = 0.2): number {
  const cut = floor(sorted.length * fraction);
  let sum = 0;
  for (let index = cut; index < sorted.length - cut; index += 1) sum += sorted[index] ?? 0;
  return sum / (sorted.length - 2 * cut);
}

/** The value that half of `values` lie below; the mean of the two middle ones for an even count. */
export function median(values: ArrayLike<number>): number {
  return quantileOfSorted(Float64Array.from(values).sort(), 0.5);
}

/**
 * Quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7, the default of R and NumPy).
 *
 * @returns NaN for no values.
 */
export function quantileOfSorted(sorted: Float64Array, probability: number): number {
  const position = (sorted.length - 1) * probability;
  const low = sorted[floor(position)] ?? NaN;
  const high = sorted[ceil(position)] ?? NaN;
  return low + (high - low) * (position - floor(position));
}
