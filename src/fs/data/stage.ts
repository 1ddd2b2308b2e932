import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../errors/failure.js';

const ZEROS = Buffer.alloc(1024 * 1024);

/**
 * The whole current content of one file that is being written, in a sparse local file. Callers serialise changes.
 * Every method throws Failure `no-space` where the local disk is full, `internal` on any other local error.
 */
export class Stage {
  readonly path: string;
  #file: FileHandle;
  #sizeBytes = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  static async create(folder: string, name: string): Promise<Stage> {
    const path = join(folder, name);
    try {
      return new Stage(path, await open(path, 'wx+', 0o600));
    } catch (error) {
      throw localFailure(error, path);
    }
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Shorter than asked only at the end of the file. */
  async read(offset: number, lengthBytes: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(lengthBytes, this.#sizeBytes - offset));
    const bytes = Buffer.allocUnsafe(wanted);
    let done = 0;
    while (done < wanted) {
      const { bytesRead } = await this.#guard(this.#file.read(bytes, done, wanted - done, offset + done));
      if (bytesRead === 0) throw new Failure('internal', `The stage file ${this.path} was cut from outside`);
      done += bytesRead;
    }
    return bytes;
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    let done = 0;
    while (done < data.length) {
      const step = this.#file.write(data, done, data.length - done, offset + done);
      done += (await this.#guard(step)).bytesWritten;
      this.#sizeBytes = Math.max(this.#sizeBytes, offset + done);
    }
  }

  /** Cuts, or grows by a hole. */
  async truncate(sizeBytes: number): Promise<void> {
    await this.#guard(this.#file.truncate(sizeBytes));
    this.#sizeBytes = sizeBytes;
  }

  /** Makes the range read as zeros; grows the file where the range ends beyond it. */
  async zero(offset: number, lengthBytes: number): Promise<void> {
    const end = offset + lengthBytes;
    const from = Math.min(offset, this.#sizeBytes);
    const dataEnd = Math.min(end, this.#sizeBytes);
    for (let at = from; at < dataEnd; at += ZEROS.length) {
      await this.write(at, ZEROS.subarray(0, Math.min(ZEROS.length, dataEnd - at)));
    }
    if (end > this.#sizeBytes) await this.truncate(end);
  }

  /** After a download to the stage's path, which may have put another file there. */
  async adopt(sizeBytes: number): Promise<void> {
    const before = this.#file;
    this.#file = await this.#guard(open(this.path, 'r+'));
    await before.close().catch(() => undefined);
    const { size } = await this.#guard(this.#file.stat());
    if (size !== sizeBytes) {
      throw new Failure('short-body', `${this.path} has ${size} bytes after a download of ${sizeBytes}`);
    }
    this.#sizeBytes = sizeBytes;
  }

  /** Closes and removes the local file. Never fails: at worst the next mount removes it. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await rm(this.path, { force: true }).catch(() => undefined);
  }

  async #guard<T>(step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (error) {
      throw localFailure(error, this.path);
    }
  }
}

/** Empties and makes the folder of stage files. What lies there was never acknowledged. */
export async function prepareStageFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw localFailure(error, folder);
  }
}

/** A failure of the local disk, as the writer of a file should see it. */
export function localFailure(error: unknown, path: string): Failure {
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
