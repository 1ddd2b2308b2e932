import { crc32Tables } from './crc-tables.js';

/** Castagnoli, reflected (RFC 3720 section 12.1). */
export const CRC32C_POLYNOMIAL = 0x82f63b78;

const [t0, t1, t2, t3, t4, t5, t6, t7] = sliced(crc32Tables(CRC32C_POLYNOMIAL));

type Eight = [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];

function sliced(tables: readonly Int32Array[]): Eight {
  // crc32Tables makes eight; the tuple lets the loop below name them.
  return [...tables] as Eight;
}

/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index below is masked to 8 bits or checked against the
   length; a fallback in each of them would halve the speed of the loop. */

/** CRC-32C of `bytes` after those that gave `previous` (0 at the start). */
export function crc32c(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    const low = crc ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    crc =
      t7[low & 255]! ^
      t6[(low >>> 8) & 255]! ^
      t5[(low >>> 16) & 255]! ^
      t4[low >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]!) & 255]!;
  return ~crc >>> 0;
}
