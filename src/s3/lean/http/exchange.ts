import type { Readable } from 'node:stream';
import { BodyStream } from './body-stream.js';
import type { HttpConnection, WireRequest } from './connection.js';
import type { ConnectionPool } from './pool.js';
import type { ReplyHead } from './reply-head.js';
import { abortError, wireError } from './wire-error.js';

/** Longest reply that is kept whole: a listing of 1,000 keys of 1,024 bytes, all of them encoded, is about 4 MiB. */
const MAX_TEXT_BYTES = 32 * 1024 * 1024;

/** A reply whose body is read by exactly one of the two ways. */
export interface WireReply {
  readonly status: number;
  readonly headers: ReplyHead['headers'];
  /** The whole body. */
  text(): Promise<string>;
  /** The body as it comes. */
  stream(toFailure: (reason: unknown) => Error): Readable;
}

/**
 * Sends a request and answers with its reply when the head is there. The connection goes back to the pool when the
 * body has been read.
 *
 * @throws errors as those of Node's core and, where the signal fires, an `AbortError`; the body fails in the same way.
 */
export async function exchange(
  pool: ConnectionPool,
  request: WireRequest,
  signal: AbortSignal | undefined,
): Promise<WireReply> {
  if (isAborted(signal)) throw abortError();
  const acquired = pool.acquire(signal);
  const connection = acquired instanceof Promise ? await acquired : acquired;
  if (isAborted(signal)) {
    pool.release(connection, true);
    throw abortError();
  }
  return new Promise((resolve, reject) => {
    new Exchange(pool, connection, signal, resolve, reject).begin(request);
  });
}

/** A function, because it changes between two looks. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** One request and its reply on one connection. */
class Exchange implements WireReply {
  status = 0;
  headers: ReplyHead['headers'] = {};
  readonly #pool: ConnectionPool;
  readonly #connection: HttpConnection;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (reply: WireReply) => void;
  readonly #reject: (reason: Error) => void;
  readonly #onAbort = (): void => {
    this.#connection.destroy(abortError());
  };
  #keepsAlive = false;
  #isEnded = false;
  #error: Error | undefined;
  /** What came before anybody asked for it. */
  #early: Buffer[] = [];
  #onData: ((data: Buffer) => void) | undefined;
  #onSettled: (() => void) | undefined;

  constructor(
    pool: ConnectionPool,
    connection: HttpConnection,
    signal: AbortSignal | undefined,
    resolve: (reply: WireReply) => void,
    reject: (reason: Error) => void,
  ) {
    this.#pool = pool;
    this.#connection = connection;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(request: WireRequest): void {
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#connection.send(request, {
      onContinue: () => undefined,
      onHead: (head) => {
        this.status = head.status;
        this.headers = head.headers;
        this.#keepsAlive = head.keepsAlive;
        this.#resolve(this);
      },
      onData: (data) => {
        this.#take(data);
      },
      onEnd: () => {
        this.#isEnded = true;
        this.#settle();
        this.#release();
      },
      onFailure: (reason) => {
        this.#error = reason;
        this.#reject(reason);
        this.#settle();
      },
    });
  }

  text(): Promise<string> {
    return new Promise((resolve, reject) => {
      const pieces: Buffer[] = [];
      let sizeBytes = 0;
      const take = (data: Buffer): void => {
        sizeBytes += data.length;
        if (sizeBytes <= MAX_TEXT_BYTES) pieces.push(data);
        else this.#connection.destroy(wireError('HPE_BODY_OVERFLOW', 'Parse Error: the reply is too long'));
      };
      this.#attach(take, () => {
        if (this.#error === undefined) resolve(Buffer.concat(pieces).toString('utf8'));
        else reject(this.#error);
      });
      if (!this.#isEnded) this.#connection.resume();
    });
  }

  stream(toFailure: (reason: unknown) => Error): Readable {
    const body: BodyStream = new BodyStream(
      {
        resume: () => {
          if (!this.#isEnded) this.#connection.resume();
        },
        abandon: () => {
          if (!this.#isEnded) this.#connection.destroy(abortError());
        },
      },
      toFailure,
    );
    const take = (data: Buffer): void => {
      if (!body.push(data) && !this.#isEnded) this.#connection.pause();
    };
    this.#attach(take, () => {
      if (this.#error === undefined) body.finish();
      else body.destroy(this.#error);
    });
    return body;
  }

  #take(data: Buffer): void {
    if (this.#onData !== undefined) {
      this.#onData(data);
      return;
    }
    this.#early.push(data);
    this.#connection.pause();
  }

  #attach(onData: (data: Buffer) => void, onSettled: () => void): void {
    this.#onData = onData;
    this.#onSettled = onSettled;
    for (const data of this.#early.splice(0)) onData(data);
    if (this.#isEnded || this.#error !== undefined) onSettled();
  }

  /** A server that refuses may do so before it has the whole body, and then reads no further. */
  #release(): void {
    const connection = this.#connection;
    const isTaken = this.status < 300 || connection.isFlushed;
    this.#pool.release(connection, this.#keepsAlive && connection.isSent && isTaken);
  }

  #settle(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#onSettled?.();
  }
}
