import { constants } from 'node:fs';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  BlockSums,
  blockCount,
  blockLength,
  encodeHeader,
  HEADER_BYTES,
  RECORD_BYTES,
} from './block-sums.js';
import type { SumsIdentity } from './block-sums.js';
import { codeOf } from './private-folder.js';

const { O_CREAT, O_NOFOLLOW, O_RDWR, O_TRUNC } = constants;
const MODE = 0o600;

/** Where one object lies. */
export interface ObjectPaths {
  /** The object's bytes and nothing else; holes where they are not known. */
  readonly data: string;
  readonly sums: string;
}

/** What reading found: the bytes of each block, or nothing where it is absent or its checksum does not fit. */
export interface BlocksRead {
  readonly blocks: readonly (Uint8Array | undefined)[];
  readonly damaged: number;
}

/** The two files of one object, open. */
export class CachedObject {
  readonly sums: BlockSums;
  readonly #data: FileHandle;
  readonly #side: FileHandle;

  private constructor(data: FileHandle, side: FileHandle, sums: BlockSums) {
    this.#data = data;
    this.#side = side;
    this.sums = sums;
  }

  /** @returns `undefined` where there is none, `'foreign'` where the files are not those of this object. */
  static async open(
    paths: ObjectPaths,
    identity: SumsIdentity,
  ): Promise<CachedObject | 'foreign' | undefined> {
    const files = await openBoth(paths, O_RDWR | O_NOFOLLOW);
    if (files === undefined) return undefined;
    const sums = BlockSums.decode(identity, await readSums(files.side, identity));
    if (sums === undefined) {
      await closeBoth(files);
      return 'foreign';
    }
    // A file that was cut gets its size back as a hole, whose blocks do not fit their checksums.
    if ((await files.data.stat()).size !== identity.sizeBytes) await files.data.truncate(identity.sizeBytes);
    return new CachedObject(files.data, files.side, sums);
  }

  static async create(paths: ObjectPaths, identity: SumsIdentity): Promise<CachedObject> {
    await mkdir(dirname(paths.data), { recursive: true, mode: 0o700 });
    const files = await openBoth(paths, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW);
    if (files === undefined) throw new TypeError('O_CREAT makes what is not there');
    try {
      await files.data.truncate(identity.sizeBytes);
      await files.side.write(encodeHeader(identity), 0, HEADER_BYTES, 0);
    } catch (reason) {
      await closeBoth(files);
      throw reason;
    }
    return new CachedObject(files.data, files.side, BlockSums.empty(identity));
  }

  /** Neighbouring blocks from `first` on; what is damaged is forgotten. */
  async read(first: number, count: number): Promise<BlocksRead> {
    const { identity } = this.sums;
    const buffers = Array.from({ length: count }, (_, index) =>
      Buffer.allocUnsafeSlow(blockLength(identity, first + index)),
    );
    const { bytesRead } = await this.#data.readv(buffers, first * identity.blockBytes);
    let end = 0;
    const blocks = buffers.map((bytes, index) => {
      end += bytes.length;
      return bytesRead >= end && this.sums.matches(first + index, bytes) ? bytes : undefined;
    });
    let damaged = 0;
    for (const [index, bytes] of blocks.entries()) {
      if (bytes !== undefined) continue;
      damaged += 1;
      await this.#forget(first + index);
    }
    return { blocks, damaged };
  }

  /**
   * Data first: a record without its block is found by the checksum, a block without its record is not missed.
   *
   * @returns The bytes of those that were not there before.
   */
  async write(first: number, blocks: readonly Uint8Array[]): Promise<number> {
    let position = first * this.sums.identity.blockBytes;
    const sizeBytes = blocks.reduce((sum, block) => sum + block.length, 0);
    const { bytesWritten } = await this.#data.writev(blocks, position);
    if (bytesWritten < sizeBytes) {
      // The kernel says why only when asked for the rest.
      const rest = Buffer.concat(blocks).subarray(bytesWritten);
      position += bytesWritten;
      await this.#data.write(rest, 0, rest.length, position);
    }
    let newBytes = 0;
    for (const [index, bytes] of blocks.entries()) {
      if (!this.sums.has(first + index)) newBytes += bytes.length;
      this.sums.set(first + index, bytes);
    }
    await this.#save(first, blocks.length);
    return newBytes;
  }

  /** Marks the object as used now, for the next process. */
  async touch(nowMs: number): Promise<void> {
    await this.#data.utimes(nowMs / 1000, nowMs / 1000);
  }

  async close(): Promise<void> {
    await closeBoth({ data: this.#data, side: this.#side });
  }

  async #forget(number: number): Promise<void> {
    this.sums.drop(number);
    await this.#save(number, 1);
  }

  async #save(first: number, count: number): Promise<void> {
    const { bytes, position } = this.sums.records(first, count);
    await this.#side.write(bytes, 0, bytes.length, position);
  }
}

/** Removes both files; never fails. */
export async function removeObject(paths: ObjectPaths): Promise<void> {
  await Promise.all([paths.sums, paths.data].map((path) => rm(path, { force: true }).catch(() => undefined)));
}

interface BothFiles {
  readonly data: FileHandle;
  readonly side: FileHandle;
}

async function openBoth(paths: ObjectPaths, flags: number): Promise<BothFiles | undefined> {
  let data: FileHandle | undefined;
  try {
    data = await open(paths.data, flags, MODE);
    return { data, side: await open(paths.sums, flags, MODE) };
  } catch (reason) {
    await data?.close();
    if (codeOf(reason) === 'ENOENT') return undefined;
    throw reason;
  }
}

async function closeBoth(files: BothFiles): Promise<void> {
  await Promise.allSettled([files.data.close(), files.side.close()]);
}

async function readSums(side: FileHandle, identity: SumsIdentity): Promise<Buffer> {
  const file = Buffer.alloc(HEADER_BYTES + blockCount(identity) * RECORD_BYTES);
  let done = 0;
  while (done < file.length) {
    const { bytesRead } = await side.read(file, done, file.length - done, done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return file;
}
