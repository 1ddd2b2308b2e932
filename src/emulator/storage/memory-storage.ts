import type { BlobStore, RecordStore } from './backing.js';
import { EMPTY_STATE } from './backing.js';
import { IndexedStorage } from './indexed-storage.js';
import type { Storage, StorageOptions } from './storage.js';

/** Blocks double in length between these. */
const LEAST_BLOCK_BYTES = 64 * 1024;
const MOST_BLOCK_BYTES = 1024 * 1024;

/** Buckets and objects in this process; gone with it. */
export function createMemoryStorage(options: StorageOptions = {}): Storage {
  return new IndexedStorage(new MemoryBlobs(), NO_RECORDS, EMPTY_STATE, options);
}

interface MemoryBlob {
  readonly chunks: readonly Buffer[];
  /** Where each chunk starts. */
  readonly startBytes: readonly number[];
}

/** Bytes in blocks; a read hands out views of them. */
class MemoryBlobs implements BlobStore {
  readonly #blobs = new Map<string, MemoryBlob>();
  #lastId = 0;

  async write(bytes: AsyncIterable<Uint8Array>): Promise<{ blobId: string; sizeBytes: number }> {
    const filler = new BlockFiller();
    for await (const chunk of bytes) filler.add(chunk);
    const chunks = filler.finish();
    const startBytes: number[] = [];
    let sizeBytes = 0;
    for (const chunk of chunks) {
      startBytes.push(sizeBytes);
      sizeBytes += chunk.length;
    }
    this.#lastId += 1;
    const blobId = String(this.#lastId);
    this.#blobs.set(blobId, { chunks, startBytes });
    return { blobId, sizeBytes };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the shape of a blob store: other kinds do wait.
  async *read(blobId: string, firstByte: number, lastByte: number): AsyncGenerator<Uint8Array, void> {
    const blob = this.#blobs.get(blobId);
    if (blob === undefined) throw new Error(`Blob ${blobId} is gone`);
    for (let at = chunkAt(blob.startBytes, firstByte); at < blob.chunks.length; at += 1) {
      const startByte = blob.startBytes[at] ?? 0;
      if (startByte > lastByte) return;
      const chunk = blob.chunks[at] ?? Buffer.alloc(0);
      yield chunk.subarray(Math.max(firstByte - startByte, 0), lastByte - startByte + 1);
    }
  }

  remove(blobId: string): Promise<void> {
    this.#blobs.delete(blobId);
    return Promise.resolve();
  }
}

/**
 * Copies what comes into blocks. The buffers that it came in are freed at once: thousands that live on cost the garbage
 * collector more time than the copy takes.
 */
class BlockFiller {
  readonly #blocks: Buffer[] = [];
  #block: Buffer = Buffer.alloc(0);
  #usedBytes = 0;

  add(chunk: Uint8Array): void {
    for (let rest = chunk; rest.length > 0;) {
      if (this.#usedBytes === this.#block.length) this.#begin();
      const piece = rest.subarray(0, this.#block.length - this.#usedBytes);
      this.#block.set(piece, this.#usedBytes);
      this.#usedBytes += piece.length;
      rest = rest.subarray(piece.length);
    }
  }

  finish(): readonly Buffer[] {
    // A block of its own length: small objects are many.
    if (this.#usedBytes < this.#block.length) this.#block = exactly(this.#block.subarray(0, this.#usedBytes));
    this.#keep();
    return this.#blocks;
  }

  #begin(): void {
    const before = this.#block.length;
    this.#keep();
    // Not from the shared pool, which would be kept alive as a whole.
    this.#block = Buffer.allocUnsafeSlow(Math.min(MOST_BLOCK_BYTES, Math.max(LEAST_BLOCK_BYTES, 2 * before)));
    this.#usedBytes = 0;
  }

  #keep(): void {
    if (this.#block.length > 0) this.#blocks.push(this.#block);
  }
}

function exactly(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

function chunkAt(startBytes: readonly number[], byte: number): number {
  let low = 0;
  let high = startBytes.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((startBytes[middle] ?? 0) <= byte) low = middle;
    else high = middle - 1;
  }
  return low;
}

const done = (): Promise<void> => Promise.resolve();

const NO_RECORDS: RecordStore = {
  putBucket: done,
  removeBucket: done,
  putVersion: done,
  removeVersion: done,
  putUpload: done,
  putPart: done,
  removeUpload: done,
  close: done,
};
