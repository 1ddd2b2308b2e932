import { crc32 } from 'node:zlib';
import { sumOfBlock } from '../block-sum.js';

/**
 * The side file of a cached object: a header, then one record per block. The data file beside it is plain, so that the
 * kernel can serve it as it is.
 *
 * Header: magic, block size, object size, SHA-256 of the object's identity, CRC-32 of all that. Record: CRC-32 of the
 * block, and the same with all bits turned and mixed with the block's number; all zeros where the block is not there.
 */
export const HEADER_BYTES = 64;
export const RECORD_BYTES = 8;
const MAGIC = Buffer.from('OFSSUM01', 'latin1');

export interface SumsIdentity {
  /** SHA-256, 32 bytes. */
  readonly digest: Buffer;
  readonly sizeBytes: number;
  readonly blockBytes: number;
}

export function blockCount(identity: SumsIdentity): number {
  return Math.ceil(identity.sizeBytes / identity.blockBytes);
}

/** Bytes of a block: all but the last are whole. */
export function blockLength(identity: SumsIdentity, number: number): number {
  return Math.min(identity.blockBytes, identity.sizeBytes - number * identity.blockBytes);
}

export function encodeHeader(identity: SumsIdentity): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header, 0);
  header.writeUInt32LE(identity.blockBytes, 8);
  header.writeBigUInt64LE(BigInt(identity.sizeBytes), 16);
  identity.digest.copy(header, 24);
  header.writeUInt32LE(crc32(header.subarray(0, 56)), 56);
  return header;
}

/** The checksums of the blocks of one object. */
export class BlockSums {
  readonly identity: SumsIdentity;
  /** As in the file, without the header. */
  readonly #records: Buffer;
  #present = 0;

  private constructor(identity: SumsIdentity, records: Buffer) {
    this.identity = identity;
    this.#records = records;
  }

  static empty(identity: SumsIdentity): BlockSums {
    return new BlockSums(identity, Buffer.alloc(blockCount(identity) * RECORD_BYTES));
  }

  /**
   * @param file - The side file's bytes; records that are missing at its end count as absent.
   * @returns `undefined` where the header is not the one of this object.
   */
  static decode(identity: SumsIdentity, file: Buffer): BlockSums | undefined {
    if (!file.subarray(0, HEADER_BYTES).equals(encodeHeader(identity))) return undefined;
    const sums = BlockSums.empty(identity);
    file.copy(sums.#records, 0, HEADER_BYTES);
    for (let number = 0; number < blockCount(identity); number += 1) if (sums.has(number)) sums.#present += 1;
    return sums;
  }

  get presentBlocks(): number {
    return this.#present;
  }

  get whole(): boolean {
    return this.#present === blockCount(this.identity);
  }

  has(number: number): boolean {
    const at = number * RECORD_BYTES;
    return this.#records.readUInt32LE(at + 4) === confirmed(this.#records.readUInt32LE(at), number);
  }

  matches(number: number, bytes: Uint8Array): boolean {
    return this.has(number) && crc32(bytes) === this.#records.readUInt32LE(number * RECORD_BYTES);
  }

  set(number: number, bytes: Uint8Array): void {
    if (!this.has(number)) this.#present += 1;
    const at = number * RECORD_BYTES;
    const sum = sumOfBlock(bytes);
    this.#records.writeUInt32LE(sum, at);
    this.#records.writeUInt32LE(confirmed(sum, number), at + 4);
  }

  drop(number: number): void {
    if (this.has(number)) this.#present -= 1;
    this.#records.fill(0, number * RECORD_BYTES, (number + 1) * RECORD_BYTES);
  }

  /** The records of some blocks as they go into the file, and where they go. */
  records(first: number, count: number): { readonly bytes: Buffer; readonly position: number } {
    const at = first * RECORD_BYTES;
    return {
      bytes: this.#records.subarray(at, at + count * RECORD_BYTES),
      position: HEADER_BYTES + at,
    };
  }
}

/** Never 0 where the sum is 0, so that a hole is no record. */
function confirmed(sum: number, number: number): number {
  return (~sum ^ number) >>> 0;
}
