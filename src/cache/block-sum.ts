import { crc32 } from 'node:zlib';

/** The bytes of a block do not change, so a sum holds as long as they live. */
const sums = new WeakMap<Uint8Array, number>();

/** The CRC-32 of a block that came from S3: made once, although the whole object and the disk tier both want it. */
export function sumOfBlock(bytes: Uint8Array): number {
  const known = sums.get(bytes);
  if (known !== undefined) return known;
  const sum = crc32(bytes);
  sums.set(bytes, sum);
  return sum;
}
