import { finished } from 'node:stream/promises';
import type { Readable, Writable } from 'node:stream';
import { Failure } from '../errors/failure.js';
import { gather } from './gather.js';
import type { WholeDigest } from './integrity/whole-digest.js';
import type { Checksum } from '../s3/checksums/hasher.js';
import type { Part } from './plan.js';
import type { PartSink } from './sinks.js';

/** Takes parts in any order, gives them to a stream in order, and holds at most a window of them. */
export class OrderedStreamSink implements PartSink {
  readonly leaving: WholeDigest | undefined;
  readonly #stream: Writable;
  readonly #windowParts: number;
  readonly #held = new Map<number, readonly Buffer[]>();
  readonly #waiting = new Set<() => void>();
  #nextIndex = 0;
  #deliveredBytes = 0;
  #pumping = Promise.resolve();
  #broken: Failure | undefined;

  /** @param leaving - is given the bytes as they leave. */
  constructor(stream: Writable, windowParts: number, leaving?: WholeDigest) {
    this.#stream = stream;
    this.#windowParts = windowParts;
    this.leaving = leaving;
    stream.on('error', (reason) => {
      this.#fail(reason);
    });
    stream.on('close', () => {
      if (!stream.writableFinished) this.#fail(closedFailure());
    });
  }

  async ready(part: Part, signal: AbortSignal): Promise<void> {
    const wake = (): void => {
      this.#wake();
    };
    signal.addEventListener('abort', wake);
    try {
      while (part.index >= this.#nextIndex + this.#windowParts && this.#broken === undefined) {
        signal.throwIfAborted();
        await new Promise<void>((resolve) => this.#waiting.add(resolve));
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
    if (this.#broken !== undefined) throw this.#broken;
  }

  async receive(
    part: Part,
    body: Readable,
    onBytes: (bytes: number) => void,
    digest?: Checksum,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const batch of gather(body, part.sizeBytes, digest)) chunks.push(...batch.chunks);
    onBytes(part.sizeBytes);
    this.#held.set(part.index, chunks);
    this.#pumping = this.#pumping.then(() => this.#pump());
  }

  async append(
    _firstByte: number,
    sizeBytes: number,
    body: Readable,
    onBytes: (bytes: number) => void,
  ): Promise<void> {
    this.#held.clear();
    for await (const batch of gather(body, sizeBytes)) {
      for (const chunk of batch.chunks) {
        await this.#deliver(chunk);
      }
      onBytes(batch.sizeBytes);
    }
  }

  /** Their value is known when the last one has left; it is `undefined` where the digest is not the sink's own. */
  async digestWhole(digest: WholeDigest): Promise<string | undefined> {
    await this.#pumping;
    if (this.#broken !== undefined) throw this.#broken;
    return digest === this.leaving ? digest.value() : undefined;
  }

  digestPart(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async #deliver(chunk: Buffer): Promise<void> {
    await writeChunk(this.#stream, chunk);
    this.leaving?.update(chunk);
    this.#deliveredBytes += chunk.byteLength;
  }

  async commit(): Promise<void> {
    await this.#pumping;
    if (this.#broken !== undefined) throw this.#broken;
    this.#stream.end();
    await finished(this.#stream, { readable: false });
  }

  async discard(reason: Failure): Promise<void> {
    if (!this.#stream.writableFinished) this.#stream.destroy(reason);
    await this.#pumping;
  }

  deliveredBytes(): number {
    return this.#deliveredBytes;
  }

  /** Waits until nothing more is on its way to the stream: what was delivered is then known. */
  async settle(): Promise<void> {
    await this.#pumping;
  }

  /** Never rejects: what goes wrong is kept for `ready` and `commit`. */
  async #pump(): Promise<void> {
    try {
      for (;;) {
        const chunks = this.#held.get(this.#nextIndex);
        if (chunks === undefined || this.#broken !== undefined) return;
        for (const chunk of chunks) {
          await this.#deliver(chunk);
        }
        this.#held.delete(this.#nextIndex);
        this.#nextIndex += 1;
        this.#wake();
      }
    } catch (reason) {
      this.#fail(reason);
    }
  }

  #fail(reason: unknown): void {
    this.#broken ??= Failure.from(reason);
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** Resolves when the stream is ready for more. */
async function writeChunk(stream: Writable, chunk: Buffer): Promise<void> {
  if (stream.destroyed) throw closedFailure();
  if (stream.write(chunk)) return;
  await new Promise<void>((resolve, reject) => {
    const settle = (failure?: unknown): void => {
      stream.off('drain', onDrain).off('close', onClose).off('error', onError);
      if (failure === undefined) resolve();
      else reject(Failure.from(failure));
    };
    const onDrain = (): void => {
      settle();
    };
    const onError = (reason: Error): void => {
      settle(reason);
    };
    const onClose = (): void => {
      settle(closedFailure());
    };
    stream.on('drain', onDrain).on('close', onClose).on('error', onError);
  });
}

function closedFailure(): Failure {
  return new Failure('not-connected', 'The stream that takes the download was closed');
}
