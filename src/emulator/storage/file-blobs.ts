import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from './backing.js';
import { scratchPath, type DataFolder } from './data-folder.js';

/** Bytes per read: few system calls, and still small beside a part. */
const READ_BYTES = 256 * 1024;

/** Blobs as files `blobs/<first two digits>/<id>`. Not synced to the medium: the server promises no more than S3's API. */
export class FileBlobs implements BlobStore {
  readonly #folder: DataFolder;

  constructor(folder: DataFolder) {
    this.#folder = folder;
    for (let first = 0; first < 256; first += 1) {
      mkdirSync(join(folder.blobs, first.toString(16).padStart(2, '0')), { recursive: true });
    }
  }

  async write(bytes: AsyncIterable<Uint8Array>): Promise<{ blobId: string; sizeBytes: number }> {
    const scratch = scratchPath(this.#folder);
    const file = await open(scratch, 'wx');
    let sizeBytes = 0;
    try {
      for await (const chunk of bytes) {
        await writeAll(file, chunk);
        sizeBytes += chunk.length;
      }
      await file.close();
      const blobId = randomBytes(16).toString('hex');
      await rename(scratch, this.#path(blobId));
      return { blobId, sizeBytes };
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(scratch, { force: true });
      throw error;
    }
  }

  async *read(blobId: string, firstByte: number, lastByte: number): AsyncGenerator<Uint8Array, void> {
    const file = await open(this.#path(blobId), 'r');
    try {
      let position = firstByte;
      while (position <= lastByte) {
        const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, lastByte - position + 1));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
        if (bytesRead === 0) throw new Error(`${this.#path(blobId)} is shorter than its record says`);
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }

  async remove(blobId: string): Promise<void> {
    await rm(this.#path(blobId), { force: true });
  }

  /** Removes what no record refers to: bodies that were received but not published when the server died. */
  async removeUnreferenced(referenced: ReadonlySet<string>): Promise<void> {
    for (const first of await readdir(this.#folder.blobs)) {
      for (const blobId of await readdir(join(this.#folder.blobs, first))) {
        if (!referenced.has(blobId)) await this.remove(blobId);
      }
    }
  }

  #path(blobId: string): string {
    return join(this.#folder.blobs, blobId.slice(0, 2), blobId);
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, written);
    written += bytesWritten;
  }
}
