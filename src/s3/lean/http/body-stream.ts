import { Readable } from 'node:stream';

/** What a body needs of its connection. */
export interface BodySource {
  /** Goes on reading after a chunk was refused. */
  resume(): void;
  /** The reader wants no more; the connection can not be used again. */
  abandon(): void;
}

/** Chunks are up to a MiB: one is read ahead while its predecessor is used. */
const READ_AHEAD_BYTES = 1024 * 1024;

/** The body of a reply, filled by its connection. */
export class BodyStream extends Readable {
  readonly #source: BodySource;
  readonly #toFailure: (reason: unknown) => Error;
  #isWhole = false;

  /** @param toFailure - turns the connection's errors into what the reader is to see. */
  constructor(source: BodySource, toFailure: (reason: unknown) => Error) {
    super({ highWaterMark: READ_AHEAD_BYTES });
    this.#source = source;
    this.#toFailure = toFailure;
  }

  override _read(): void {
    if (!this.#isWhole) this.#source.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#isWhole) this.#source.abandon();
    // As the replies of Node's own client: nobody is told who has not asked, and the process goes on.
    process.nextTick(() => {
      done(error === null || this.listenerCount('error') === 0 ? null : this.#toFailure(error));
    });
  }

  /** Nothing more comes. */
  finish(): void {
    this.#isWhole = true;
    this.push(null);
  }
}
