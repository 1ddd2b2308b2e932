/** Up to here the null distribution is counted out: 2^50 sign patterns are still exact in a double. */
const EXACT_LIMIT = 50;

/**
 * Two-sided p value of the Wilcoxon signed-rank test that `differences` are symmetric about 0 (Wilcoxon 1945).
 * Zeros are set aside, ties share the mean rank. Exact up to 50 values, also with ties; above that the normal
 * approximation with tie correction.
 *
 * @returns 1 where nothing is left to rank.
 */
export function wilcoxonSignedRank(differences: readonly number[]): number {
  const nonZero = differences.filter((value) => value !== 0);
  if (nonZero.length === 0) return 1;
  const doubledRanks = doubledMidRanks(nonZero.map(Math.abs));
  let positive = 0;
  nonZero.forEach((value, index) => (positive += value > 0 ? (doubledRanks[index] ?? 0) : 0));
  return nonZero.length <= EXACT_LIMIT
    ? exactP(doubledRanks, positive)
    : approximateP(doubledRanks, positive);
}

/** Twice the mid-rank of each value, so that shared ranks stay whole numbers. */
function doubledMidRanks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = new Array<number>(values.length).fill(0);
  let start = 0;
  while (start < order.length) {
    let end = start;
    while (end + 1 < order.length && values[order[end + 1] ?? 0] === values[order[start] ?? 0]) end += 1;
    for (const index of order.slice(start, end + 1)) ranks[index] = start + end + 2;
    start = end + 1;
  }
  return ranks;
}

/** Counts the sign patterns by their rank sum; each rank is either in the positive sum or not. */
function exactP(doubledRanks: readonly number[], positive: number): number {
  const total = doubledRanks.reduce((sum, rank) => sum + rank, 0);
  const counts = new Float64Array(total + 1);
  counts[0] = 1;
  let reached = 0;
  for (const rank of doubledRanks) {
    reached += rank;
    for (let sum = reached; sum >= rank; sum -= 1)
      counts[sum] = (counts[sum] ?? 0) + (counts[sum - rank] ?? 0);
  }
  const smaller = Math.min(positive, total - positive);
  let tail = 0;
  for (let sum = 0; sum <= smaller; sum += 1) tail += counts[sum] ?? 0;
  return Math.min(1, (2 * tail) / 2 ** doubledRanks.length);
}

function approximateP(doubledRanks: readonly number[], positive: number): number {
  const total = doubledRanks.reduce((sum, rank) => sum + rank, 0);
  const variance = doubledRanks.reduce((sum, rank) => sum + rank * rank, 0) / 4;
  const distance = Math.max(0, Math.abs(positive - total / 2) - 1); // 1: continuity, in doubled ranks
  return Math.min(1, 2 * normalTail(distance / Math.sqrt(variance)));
}

/** Upper tail of the standard normal; Abramowitz and Stegun 26.2.17, absolute error under 7.5e-8. */
function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (polynomial * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
