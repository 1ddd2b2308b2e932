import { crc64Tables } from './crc-tables.js';

/** 0xad93d23594c93659, reflected (NVM Express base specification, "64b CRC", Rocksoft model). */
export const CRC64NVME_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;

const { high, low } = crc64Tables(
  Number(CRC64NVME_POLYNOMIAL >> 32n),
  Number(CRC64NVME_POLYNOMIAL & 0xffffffffn),
);
const [h0, h1, h2, h3, h4, h5, h6, h7] = sliced(high);
const [l0, l1, l2, l3, l4, l5, l6, l7] = sliced(low);

type Eight = [Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array, Int32Array];

function sliced(tables: readonly Int32Array[]): Eight {
  // crc64Tables makes eight; the tuple lets the loop below name them.
  return [...tables] as Eight;
}

/* eslint-disable @typescript-eslint/no-non-null-assertion -- every index below is masked to 8 bits or checked against the
   length; a fallback in each of them would halve the speed of the loop. */

/** A running CRC-64/NVME in two halves of 32 bits: BigInt in the loop would be a hundred times slower. */
export class Crc64Nvme {
  #high = -1;
  #low = -1;

  update(bytes: Uint8Array): void {
    let hi = this.#high;
    let lo = this.#low;
    let at = 0;
    for (const end = bytes.length - 7; at < end; at += 8) {
      const a = lo ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
      const b =
        hi ^ (bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24));
      const a0 = a & 255;
      const a1 = (a >>> 8) & 255;
      const a2 = (a >>> 16) & 255;
      const a3 = a >>> 24;
      const b0 = b & 255;
      const b1 = (b >>> 8) & 255;
      const b2 = (b >>> 16) & 255;
      const b3 = b >>> 24;
      hi = h7[a0]! ^ h6[a1]! ^ h5[a2]! ^ h4[a3]! ^ h3[b0]! ^ h2[b1]! ^ h1[b2]! ^ h0[b3]!;
      lo = l7[a0]! ^ l6[a1]! ^ l5[a2]! ^ l4[a3]! ^ l3[b0]! ^ l2[b1]! ^ l1[b2]! ^ l0[b3]!;
    }
    for (; at < bytes.length; at += 1) {
      const index = (lo ^ bytes[at]!) & 255;
      lo = ((lo >>> 8) | (hi << 24)) ^ l0[index]!;
      hi = (hi >>> 8) ^ h0[index]!;
    }
    this.#high = hi;
    this.#low = lo;
  }

  /** Eight bytes, big-endian. */
  digest(): Buffer {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeUInt32BE(~this.#high >>> 0, 0);
    bytes.writeUInt32BE(~this.#low >>> 0, 4);
    return bytes;
  }
}
