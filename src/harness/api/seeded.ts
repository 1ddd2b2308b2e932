import { createCipheriv, createHash } from 'node:crypto';

/** A case's own seed: the run's seed mixed with the case's id, so that cases do not share content. 32 bits, unsigned. */
export function mixSeed(runSeed: number, id: string): number {
  return createHash('sha256').update(`${runSeed}:${id}`).digest().readUInt32LE(0);
}

/** A generator of numbers uniform in [0, 1): mulberry32, which passes the tests of gjrand for this length of use. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Incompressible bytes (an AES-CTR key stream): the same seed, salt and length give the same bytes, at GB/s. */
export function seededBytes(seed: number, lengthBytes: number, salt = 0): Buffer {
  const key = createHash('sha256').update(`${seed}:${salt}`).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(lengthBytes));
}
