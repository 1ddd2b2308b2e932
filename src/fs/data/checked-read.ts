import type { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { WholeSum } from './whole-sum.js';

export interface CheckedRange {
  /** Begins a block. */
  readonly firstByte: number;
  readonly lastByte: number;
  /** A body that breaks off is asked for again from the begin of a block of this size: what came of it does not count. */
  readonly blockBytes: number;
}

/**
 * Passes a range on as it comes, and adds it to the sum of its object. Where with its last bytes every byte of the
 * object has come, they wait for `onComplete`.
 *
 * @throws What the body and `onComplete` throw.
 */
export async function* sumUp(
  body: Readable,
  { firstByte, lastByte, blockBytes }: CheckedRange,
  sum: WholeSum,
  onComplete: () => Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const lengthBytes = lastByte - firstByte + 1;
  /** Up to the end of the last whole block. */
  let counted = { sizeBytes: 0, crc: 0 };
  let [passedBytes, crc] = [0, 0];
  try {
    for await (const chunk of body) {
      const bytes = chunk as Uint8Array; // a byte stream in the object store's contract
      const overBytes = (passedBytes + bytes.length) % blockBytes;
      if (overBytes < bytes.length) {
        const inBlocks = bytes.subarray(0, bytes.length - overBytes);
        counted = { sizeBytes: passedBytes + inBlocks.length, crc: crc32(inBlocks, crc) };
        crc = overBytes === 0 ? counted.crc : crc32(bytes.subarray(inBlocks.length), counted.crc);
      } else crc = crc32(bytes, crc);
      passedBytes += bytes.length;
      if (passedBytes === lengthBytes) {
        sum.add({ firstByte, sizeBytes: passedBytes, crc });
        if (sum.isComplete) await onComplete();
      }
      yield bytes;
    }
  } finally {
    if (passedBytes < lengthBytes) sum.add({ firstByte, ...counted });
  }
}
