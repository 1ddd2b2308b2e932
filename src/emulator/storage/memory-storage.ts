import type { BlobStore, RecordStore } from './backing.js';
import { EMPTY_STATE } from './backing.js';
import { IndexedStorage } from './indexed-storage.js';
import type { Storage, StorageOptions } from './storage.js';

/** Chunks below this size are gathered: a small piece of a large receive buffer would keep all of it alive. */
const LEAST_CHUNK_BYTES = 32 * 1024;

/** Buckets and objects in this process; gone with it. */
export function createMemoryStorage(options: StorageOptions = {}): Storage {
  return new IndexedStorage(new MemoryBlobs(), NO_RECORDS, EMPTY_STATE, options);
}

interface MemoryBlob {
  readonly chunks: readonly Buffer[];
  /** Where each chunk starts. */
  readonly startBytes: readonly number[];
}

/** Keeps the chunks as they came; a read hands out views of them. */
class MemoryBlobs implements BlobStore {
  readonly #blobs = new Map<string, MemoryBlob>();
  #lastId = 0;

  async write(bytes: AsyncIterable<Uint8Array>): Promise<{ blobId: string; sizeBytes: number }> {
    const gathered = new ChunkGatherer();
    for await (const chunk of bytes) gathered.add(chunk);
    const chunks = gathered.finish();
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

/** Keeps large chunks and copies small ones together. */
class ChunkGatherer {
  readonly #chunks: Buffer[] = [];
  #small: Buffer[] = [];
  #smallBytes = 0;

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const wastesMemory = bytes.length < bytes.buffer.byteLength / 2;
    if (bytes.length >= LEAST_CHUNK_BYTES && !wastesMemory) {
      this.#flush();
      this.#chunks.push(bytes);
      return;
    }
    // A copy of its own, at once: the piece must not hold its whole receive buffer until the flush.
    this.#small.push(Buffer.from(bytes));
    this.#smallBytes += bytes.length;
    if (this.#smallBytes >= LEAST_CHUNK_BYTES) this.#flush();
  }

  finish(): readonly Buffer[] {
    this.#flush();
    return this.#chunks;
  }

  #flush(): void {
    if (this.#smallBytes === 0) return;
    // Not from the shared pool, which would be kept alive as a whole.
    const joined = Buffer.allocUnsafeSlow(this.#smallBytes);
    let offset = 0;
    for (const piece of this.#small) offset += piece.copy(joined, offset);
    this.#chunks.push(joined);
    this.#small = [];
    this.#smallBytes = 0;
  }
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
