import { open, rm, type FileHandle } from 'node:fs/promises';
import { Failure } from '../../errors/failure.js';
import type { ByteBudget } from './byte-budget.js';
import { punchHole } from './punch.js';

/** A file of up to this size needs no file on the local disk: 10,000 of them would fit into 640 MiB. */
const IN_MEMORY_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(1024 * 1024);

/**
 * Bytes at positions, kept in memory while they are few and the budget has room, else in a sparse file that is made
 * then. What was never written reads as zeros. Callers serialise changes.
 * Every method throws Failure `no-space` where the local disk is full, `internal` on any other local error.
 */
export class LocalBytes {
  readonly #path: string;
  readonly #budget: ByteBudget;
  #memory: Buffer | undefined;
  #opening: Promise<FileHandle> | undefined;
  /** End of what was written. */
  #endBytes = 0;

  constructor(path: string, budget: ByteBudget) {
    this.#path = path;
    this.#budget = budget;
  }

  async read(offset: number, lengthBytes: number): Promise<Uint8Array> {
    if (this.#opening === undefined) {
      const bytes = Buffer.alloc(lengthBytes);
      this.#memory?.copy(bytes, 0, offset, offset + lengthBytes);
      return bytes;
    }
    const file = await this.#opening;
    const bytes = Buffer.allocUnsafeSlow(lengthBytes);
    let done = 0;
    while (done < lengthBytes) {
      const step = file.read(bytes, done, lengthBytes - done, offset + done);
      const { bytesRead } = await guard(this.#path, step);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.fill(0, done);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    const end = offset + data.length;
    if (this.#holds(end)) {
      this.#memory?.set(data, offset);
    } else {
      const file = await this.#file();
      for (let done = 0; done < data.length;) {
        const step = file.write(data, done, data.length - done, offset + done);
        done += (await guard(this.#path, step)).bytesWritten;
      }
    }
    this.#endBytes = Math.max(this.#endBytes, end);
  }

  /** Makes a range read as zeros, and gives its room back where that is possible. */
  async clear(offset: number, lengthBytes: number): Promise<void> {
    const end = Math.min(offset + lengthBytes, this.#endBytes);
    if (end <= offset) return;
    if (this.#opening === undefined) {
      this.#memory?.fill(0, offset, end);
      return;
    }
    const file = await this.#opening;
    if (await punchHole(file.fd, offset, end - offset)) return;
    for (let at = offset; at < end; at += ZEROS.length) {
      await this.write(at, ZEROS.subarray(0, Math.min(ZEROS.length, end - at)));
    }
  }

  /** Gives the room of a range back; its bytes are then anything. `false` where that is not possible. */
  async release(offset: number, lengthBytes: number): Promise<boolean> {
    if (this.#opening === undefined) return false;
    return await punchHole((await this.#opening).fd, offset, lengthBytes);
  }

  /** Forgets what is at or beyond an offset. */
  async cut(endBytes: number): Promise<void> {
    if (endBytes >= this.#endBytes) return;
    this.#endBytes = endBytes;
    this.#memory?.fill(0, endBytes);
    if (this.#opening !== undefined)
      await guard(
        this.#path,
        this.#opening.then((file) => file.truncate(endBytes)),
      );
  }

  /** The path of a file of this size that holds the bytes. */
  async file(sizeBytes: number): Promise<string> {
    const file = await this.#file();
    const { size } = await guard(this.#path, file.stat());
    if (size !== sizeBytes) await guard(this.#path, file.truncate(sizeBytes));
    return this.#path;
  }

  /** Lets go of all. Never fails: at worst the next mount removes the file. */
  async discard(): Promise<void> {
    this.#dropMemory();
    const opening = this.#opening;
    if (opening === undefined) return;
    await opening.then((file) => file.close()).catch(() => undefined);
    await rm(this.#path, { force: true }).catch(() => undefined);
  }

  /** Sees to it that memory reaches up to `end`; `false` where it must be the file. */
  #holds(end: number): boolean {
    if (this.#opening !== undefined || end > IN_MEMORY_BYTES) return false;
    const held = this.#memory?.length ?? 0;
    if (end <= held) return true;
    const wanted = Math.min(IN_MEMORY_BYTES, Math.max(4096, 2 ** Math.ceil(Math.log2(end))));
    if (!this.#budget.take(wanted - held)) return false;
    const grown = Buffer.alloc(wanted);
    this.#memory?.copy(grown);
    this.#memory = grown;
    return true;
  }

  async #file(): Promise<FileHandle> {
    this.#opening ??= this.#spill();
    return await this.#opening;
  }

  async #spill(): Promise<FileHandle> {
    let file: FileHandle | undefined;
    try {
      file = await open(this.#path, 'wx+', 0o600);
      if (this.#memory !== undefined) await file.writeFile(this.#memory.subarray(0, this.#endBytes));
      this.#dropMemory();
      return file;
    } catch (error) {
      this.#opening = undefined;
      await file?.close().catch(() => undefined);
      if (file !== undefined) await rm(this.#path, { force: true }).catch(() => undefined);
      throw localFailure(error, this.#path);
    }
  }

  #dropMemory(): void {
    this.#budget.give(this.#memory?.length ?? 0);
    this.#memory = undefined;
  }
}

async function guard<T>(path: string, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    throw localFailure(error, path);
  }
}

/** A failure of the local disk, as the writer of a file should see it. */
export function localFailure(error: unknown, path: string): Failure {
  if (error instanceof Failure) return error;
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  const facts = { subject: path, cause: error };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new Failure('no-space', `No room on the disk of the cache folder for ${path}`, {
      ...facts,
      remedy: 'Free some space, or set mount.cacheDir to a larger disk',
    });
  }
  if (code === 'EFBIG')
    return new Failure('file-too-big', `The local disk can not hold a file so large`, facts);
  const message = error instanceof Error ? error.message : String(error);
  return new Failure('internal', `The cache folder failed: ${message}`, facts);
}
