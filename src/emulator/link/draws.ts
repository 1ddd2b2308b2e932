import type { Random } from '../../random/random.js';

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
