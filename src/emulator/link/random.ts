const { imul } = Math;

/** Uniform numbers in [0, 1), the same for the same seed. */
export type Random = () => number;

/** A generator for the `stream`-th use of one seed: splitmix32 (public domain). Not for secrets. */
export function createRandom(seed: number, stream = 0): Random {
  let state = (imul(seed | 0, 0x85ebca6b) ^ imul(stream + 1, 0xc2b2ae35)) | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = imul(mixed, 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** How many trials with this chance it takes until one succeeds: 1, 2, 3 … (geometric). */
export function trialsUntil(chance: number, random: Random): number {
  if (chance >= 1) return 1;
  if (chance <= 0) return Infinity;
  return 1 + Math.floor(Math.log(1 - random()) / Math.log(1 - chance));
}

/** A length with this mean, without memory (exponential). */
export function lengthUntil(mean: number, random: Random): number {
  return -Math.log(1 - random()) * mean;
}
