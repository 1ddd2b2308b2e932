import { createCipheriv, createHash } from 'node:crypto';

/** A case's own seed: the run's seed mixed with the case's id, so that cases do not share content. 32 bits, unsigned. */
export function mixSeed(runSeed: number, id: string): number {
  return createHash('sha256').update(`${runSeed}:${id}`).digest().readUInt32LE(0);
}

/** Incompressible bytes (an AES-CTR key stream): the same seed, salt and length give the same bytes, at GB/s. */
export function seededBytes(seed: number, lengthBytes: number, salt = 0): Buffer {
  const key = createHash('sha256').update(`${seed}:${salt}`).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(lengthBytes));
}
