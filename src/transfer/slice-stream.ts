import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { changedFile, onLocalFile } from './local-files.js';
import type { Part } from './plan.js';

/** One read of the file: few enough calls, and many connections need little memory. */
const READ_BYTES = 256 * 1024;

/** One chunk is with the reader, one waits, one is being filled. */
const BUFFERS = 3;

/** An open file that parts are sent from. */
export interface PartFile {
  readonly handle: FileHandle;
  readonly path: string;
  /** Buffers of `READ_BYTES` that no stream uses. */
  readonly free: Buffer[];
}

/**
 * A span of a file that is never in memory as a whole. Its buffers are used again: a chunk is valid until the one after
 * the next is read, so the reader has to be done with each before it takes another, as a socket is that has drained.
 *
 * Fails with `changed-under-us` where the file ends before the span does.
 */
export class SliceStream extends Readable {
  readonly #file: PartFile;
  readonly #buffers: Buffer[];
  readonly #endByte: number;
  #position: number;
  #turn = 0;

  constructor(file: PartFile, { firstByte, sizeBytes }: Pick<Part, 'firstByte' | 'sizeBytes'>) {
    // It reads on only when its one chunk has been taken.
    super({ highWaterMark: 1 });
    this.#file = file;
    this.#position = firstByte;
    this.#endByte = firstByte + sizeBytes;
    this.#buffers = Array.from(
      { length: BUFFERS },
      () => file.free.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES),
    );
  }

  override _read(): void {
    if (this.#position === this.#endByte) this.push(null);
    else {
      this.#next().then(
        (bytes) => this.push(bytes),
        (reason: unknown) => this.destroy(reason as Error), // onLocalFile throws failures only
      );
    }
  }

  /** To be called when the receiver has all bytes. After a broken request nobody knows who holds the buffers. */
  release(): void {
    this.#file.free.push(...this.#buffers.splice(0));
  }

  async #next(): Promise<Buffer> {
    const { handle, path } = this.#file;
    const buffer = this.#buffers[this.#turn++ % BUFFERS] ?? Buffer.allocUnsafeSlow(READ_BYTES);
    const wantedBytes = Math.min(READ_BYTES, this.#endByte - this.#position);
    const { bytesRead } = await onLocalFile(path, () => handle.read(buffer, 0, wantedBytes, this.#position));
    if (bytesRead === 0) throw changedFile(path);
    this.#position += bytesRead;
    return buffer.subarray(0, bytesRead);
  }
}
