import { constants, type BigIntStats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { blockCount, blockLength, type BlockSums } from './block-sums.js';

/** Blocks read in one go: 2 MiB of 128 KiB each. */
const STEP_BLOCKS = 16;
/** Files whose state is remembered; forgetting one costs its reading. */
const MOST_REMEMBERED = 10_000;

/**
 * Hands out data files to be read without any further check, after each byte was compared with its checksum once. A file
 * that changed since is compared again.
 */
export class VerifiedFiles {
  readonly #atOnceBytes: number;
  /** What the file looked like when it was compared, by path. */
  readonly #states = new Map<string, string>();
  readonly #running = new Set<string>();

  /** @param atOnceBytes - Larger files are compared in the background, and handed out from then on. */
  constructor(atOnceBytes: number) {
    this.#atOnceBytes = atOnceBytes;
  }

  /** @returns An open file, which the caller closes; `undefined` where it is not whole, damaged, or not compared yet. */
  async open(path: string, sums: BlockSums): Promise<FileHandle | undefined> {
    if (!sums.whole) return undefined;
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      if (await this.#isRight(path, file, sums)) return file;
    } catch (reason) {
      await file.close();
      throw reason;
    }
    if (sums.identity.sizeBytes <= this.#atOnceBytes) await file.close();
    else void this.#compareLater(path, file, sums);
    return undefined;
  }

  async #isRight(path: string, file: FileHandle, sums: BlockSums): Promise<boolean> {
    const state = stateOf(await file.stat({ bigint: true }));
    if (this.#states.get(path) === state) return true;
    if (sums.identity.sizeBytes > this.#atOnceBytes) return false;
    return await this.#compare(path, file, sums, state);
  }

  /** Never rejects; closes the file. */
  async #compareLater(path: string, file: FileHandle, sums: BlockSums): Promise<void> {
    if (!this.#running.has(path)) {
      this.#running.add(path);
      try {
        await this.#compare(path, file, sums, stateOf(await file.stat({ bigint: true })));
      } catch {
        // Not compared: the next open tries again.
      }
      this.#running.delete(path);
    }
    await file.close().catch(() => undefined);
  }

  async #compare(path: string, file: FileHandle, sums: BlockSums, state: string): Promise<boolean> {
    const count = blockCount(sums.identity);
    for (let first = 0; first < count; first += STEP_BLOCKS) {
      if (!(await matches(file, sums, first, Math.min(STEP_BLOCKS, count - first)))) return false;
    }
    if (stateOf(await file.stat({ bigint: true })) !== state) return false;
    if (this.#states.size >= MOST_REMEMBERED) this.#states.clear();
    this.#states.set(path, state);
    return true;
  }
}

async function matches(file: FileHandle, sums: BlockSums, first: number, count: number): Promise<boolean> {
  const { identity } = sums;
  const buffers = Array.from({ length: count }, (_, index) =>
    Buffer.allocUnsafe(blockLength(identity, first + index)),
  );
  const sizeBytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
  const { bytesRead } = await file.readv(buffers, first * identity.blockBytes);
  return bytesRead === sizeBytes && buffers.every((buffer, index) => sums.matches(first + index, buffer));
}

/** Changes with each change of the file's bytes that goes through the file system. */
function stateOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
