// Taken out of the global object once: a lookup on each call costs 20 times the arithmetic inside a Jest sandbox.
const { imul, floor } = Math;

/** Uniform numbers in [0, 1), the same for the same seed. */
export type Random = () => number;

/**
 * A seeded generator: xoshiro128** (Blackman and Vigna, public domain, https://prng.di.unimi.it/xoshiro128starstar.c),
 * its state filled by splitmix32. Not for secrets.
 *
 * @param seed - Any finite number; its low 32 bits and the bits above them both count.
 */
export function createRandom(seed: number): Random {
  const next = splitMix32((seed >>> 0) ^ imul(floor(seed / 2 ** 32) >>> 0, 0x9e3779b9));
  let a = next();
  let b = next();
  let c = next();
  let d = next();
  return () => {
    const result = imul(rotateLeft(imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result / 2 ** 32;
  };
}

/** A whole number in [0, `limit`). */
export function randomBelow(random: Random, limit: number): number {
  return floor(random() * limit);
}

/** A shuffled copy (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const rest = [...items];
  const result: T[] = [];
  while (rest.length > 0) result.push(...rest.splice(randomBelow(random, rest.length), 1));
  return result;
}

/** A seed of its own for each name below one run's seed, so that adding a name leaves the others as they were. */
export function deriveSeed(seed: number, name: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0; // FNV-1a, 32 bits
  for (const character of name) hash = imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}

function splitMix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
