import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { BlobStore, LoadedState } from './backing.js';
import type { BodyRange, ObjectVersion, StagedBody, StoredBody } from './storage.js';

export const EMPTY_BODY: StoredBody = { sizeBytes: 0, segments: [] };

/**
 * Bodies over a blob store. Counts who refers to each blob (a version, a part, a staged body, an open read) and
 * removes it with the last of them, so copies share bytes and reads stay whole when the object is replaced.
 */
export class BodyKeeper {
  readonly #blobs: BlobStore;
  readonly #references = new Map<string, number>();
  readonly #staged = new Set<StagedBody>();

  constructor(blobs: BlobStore, loaded: LoadedState) {
    this.#blobs = blobs;
    for (const { record } of loaded.versions) this.retain(record.version.body);
    for (const { parts } of loaded.uploads) for (const part of parts) this.retain(part.body);
  }

  async stage(bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<StagedBody> {
    const hash = createHash('md5');
    const hashed = async function* (): AsyncGenerator<Uint8Array, void> {
      for await (const chunk of bytes) {
        signal?.throwIfAborted();
        hash.update(chunk);
        yield chunk;
      }
    };
    signal?.throwIfAborted();
    const { blobId, sizeBytes } = await this.#blobs.write(hashed());
    const body: StoredBody = sizeBytes === 0 ? EMPTY_BODY : { sizeBytes, segments: [{ blobId, sizeBytes }] };
    if (sizeBytes === 0) await this.#blobs.remove(blobId);
    this.retain(body);
    return this.#track({ sizeBytes, md5: hash.digest('hex'), body });
  }

  async stageCopy(source: ObjectVersion, range?: BodyRange, signal?: AbortSignal): Promise<StagedBody> {
    if (range !== undefined) return await this.stage(this.read(source.body, range), signal);
    this.retain(source.body);
    try {
      const isPlain = !source.etag.includes('-');
      const md5 = isPlain ? source.etag : await this.#md5Of(source.body, signal);
      return this.#track({ sizeBytes: source.sizeBytes, md5, body: source.body });
    } catch (error) {
      await this.release(source.body);
      throw error;
    }
  }

  async #md5Of(body: StoredBody, signal?: AbortSignal): Promise<string> {
    const hash = createHash('md5');
    // A byte stream without encoding yields Buffers; the declared element type is any.
    for await (const chunk of this.read(body) as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      hash.update(chunk);
    }
    return hash.digest('hex');
  }

  #track(staged: StagedBody): StagedBody {
    this.#staged.add(staged);
    return staged;
  }

  /** The bytes of a staged body now belong to a record. */
  adopt(staged: StagedBody): void {
    if (!this.#staged.delete(staged)) throw new Error('This staged body was published or discarded before');
  }

  async discard(staged: StagedBody): Promise<void> {
    if (this.#staged.delete(staged)) await this.release(staged.body);
  }

  read(body: StoredBody, range?: BodyRange): Readable {
    this.retain(body);
    const bytes = this.#bytesOf(body, range ?? { firstByte: 0, lastByte: body.sizeBytes - 1 });
    const stream = Readable.from(bytes, { objectMode: false, highWaterMark: 256 * 1024 });
    stream.once('close', () => void this.release(body));
    return stream;
  }

  async *#bytesOf(body: StoredBody, range: BodyRange): AsyncGenerator<Uint8Array, void> {
    let startByte = 0;
    for (const { blobId, sizeBytes } of body.segments) {
      const first = Math.max(range.firstByte - startByte, 0);
      const last = Math.min(range.lastByte - startByte, sizeBytes - 1);
      if (first <= last) yield* this.#blobs.read(blobId, first, last);
      startByte += sizeBytes;
      if (startByte > range.lastByte) return;
    }
  }

  retain(body: StoredBody): void {
    for (const { blobId } of body.segments) {
      this.#references.set(blobId, (this.#references.get(blobId) ?? 0) + 1);
    }
  }

  /** Never fails: a file that can not be removed now is a leftover that the next opening removes. */
  async release(body: StoredBody): Promise<void> {
    const unused: string[] = [];
    for (const { blobId } of body.segments) {
      const left = (this.#references.get(blobId) ?? 1) - 1;
      if (left > 0) {
        this.#references.set(blobId, left);
        continue;
      }
      this.#references.delete(blobId);
      unused.push(blobId);
    }
    await Promise.allSettled(unused.map((blobId) => this.#blobs.remove(blobId)));
  }
}
