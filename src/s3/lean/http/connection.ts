import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Readable } from 'node:stream';
import { ADDRESS_TIMEOUT_MS, type AddressBook } from '../../sockets/addresses.js';
import type { SocketHook } from '../../sockets/congestion.js';
import type { ConnectionMeter } from '../../sockets/meter.js';
import { ReplyReader, type ReplyEvents } from './reply-reader.js';
import { timeoutError, wireError } from './wire-error.js';

/** Where connections go. */
export interface Origin {
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
}

export interface ConnectionLimits {
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly authorities?: string;
  /** Of the origin's host. */
  readonly addresses: AddressBook;
  readonly onSocket?: SocketHook;
  readonly meter?: ConnectionMeter;
}

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  /** Request line and fields, with the empty line; Latin-1. */
  readonly head: string;
  readonly body?: Uint8Array | Readable;
  readonly bodyBytes: number;
  /** The body waits for `100 Continue`. */
  readonly expectsContinue: boolean;
  /** As {@link ReplyReader.begin}. */
  readonly pieceBytes?: number;
}

/** What happens to the request that a connection carries. */
export interface ExchangeEvents extends ReplyEvents {
  /** The connection is gone; called once, and nothing after it. */
  onFailure(reason: Error): void;
}

/** TLS sessions of an origin, so that the second connection saves the full handshake (RFC 8446 section 2.2). */
export interface SessionCache {
  session?: Buffer;
}

/** One connection to a server, which carries one request at a time. */
export class HttpConnection {
  readonly #socket: Socket;
  readonly #reader = new ReplyReader();
  readonly #limits: ConnectionLimits;
  #events: ExchangeEvents | undefined;
  #isPaused = false;
  #isConnected = false;
  /** Bytes of a request are still to be written. */
  #isSending = false;
  #idleSinceMs = 0;
  #keepAliveMs = Infinity;
  /** Called once when the connection is closed. */
  onClosed: () => void = () => undefined;

  constructor(origin: Origin, limits: ConnectionLimits, sessions: SessionCache) {
    this.#limits = limits;
    this.#socket = this.#open(origin, sessions);
    this.#listen(origin);
  }

  /** A connection that the server may have closed meanwhile, or will before the request arrives, is not usable. */
  isUsable(nowMs: number): boolean {
    return !this.#socket.destroyed && nowMs - this.#idleSinceMs < this.#keepAliveMs;
  }

  /** All of the request is in the hands of the system or queued for it: another one may follow behind. */
  get isSent(): boolean {
    return !this.#isSending;
  }

  /** All of the request is in the hands of the system; over TLS it may say so after the reply is there. */
  get isFlushed(): boolean {
    return this.#socket.writableLength === 0;
  }

  /** Begins a request; only one at a time. */
  send(request: WireRequest, events: ExchangeEvents): void {
    this.#events = events;
    this.#limits.meter?.began(this.#socket);
    this.#isSending = true;
    this.#isPaused = false;
    this.#socket.ref();
    if (this.#isConnected) this.#socket.setTimeout(this.#limits.idleTimeoutMs);
    let isBodyDue = request.bodyBytes > 0;
    const sendBody = (): void => {
      if (!isBodyDue) return;
      isBodyDue = false;
      this.#sendBody(request);
    };
    const replyEvents: ReplyEvents = {
      onContinue: () => {
        events.onContinue();
        sendBody();
      },
      onHead: (head) => {
        // A final reply in place of `100 Continue`: the body is not wanted, and the server knows that none comes.
        if (isBodyDue) this.#isSending = false;
        isBodyDue = false;
        this.#noteKeepAlive(head.headers['keep-alive']);
        events.onHead(head);
      },
      onData: (data) => {
        events.onData(data);
      },
      onEnd: () => {
        this.#events = undefined;
        events.onEnd();
      },
    };
    this.#reader.begin(request.method, replyEvents, request.pieceBytes);
    this.#socket.cork();
    this.#socket.write(request.head, 'latin1');
    if (!request.expectsContinue) sendBody();
    if (request.bodyBytes === 0) this.#isSending = false;
    this.#socket.uncork();
  }

  /** Stops reading until {@link HttpConnection.resume}: the server feels it. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.setTimeout(this.#limits.idleTimeoutMs);
    this.#socket.resume();
  }

  /** Nothing is asked of it now; an idle connection does not keep the process alive. */
  rest(nowMs: number): void {
    this.#idleSinceMs = nowMs;
    this.#limits.meter?.ended(this.#socket);
    // The end of a body may have asked for a pause; an idle connection listens, to see the server close it.
    this.#isPaused = false;
    this.#socket.setTimeout(0);
    this.#socket.unref();
  }

  destroy(reason?: Error): void {
    const events = this.#events;
    this.#events = undefined;
    this.#socket.destroy();
    if (reason !== undefined) events?.onFailure(reason);
  }

  #open({ isTls, host, port }: Origin, sessions: SessionCache): Socket {
    const onread = {
      buffer: () => this.#reader.nextBuffer(),
      callback: (bytesRead: number, buffer: Uint8Array) => this.#onBytes(bytesRead, buffer as Buffer), // ours
    };
    const { lookup } = this.#limits.addresses;
    const way = { host, port, lookup, autoSelectFamilyAttemptTimeout: ADDRESS_TIMEOUT_MS };
    if (!isTls) return connectTcp({ ...way, noDelay: true, keepAlive: true, onread });
    const socket = connectTls({
      ...way,
      ALPNProtocols: ['http/1.1'],
      ...(this.#limits.authorities === undefined ? {} : { ca: this.#limits.authorities }),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(sessions.session === undefined ? {} : { session: sessions.session }),
      // The types of tls.connect leave `onread` out; it takes all options of net.connect (Node.js documentation, tls).
      ...({ onread } as object),
    });
    socket.setNoDelay(true).setKeepAlive(true);
    return socket.on('session', (session) => (sessions.session = session));
  }

  #listen({ isTls }: Origin): void {
    const socket = this.#socket;
    const { connectTimeoutMs, idleTimeoutMs, addresses, onSocket } = this.#limits;
    addresses.watch(socket);
    onSocket?.(socket);
    const timer = setTimeout(() => {
      const text = `The server did not establish a connection within ${connectTimeoutMs} ms`;
      this.destroy(timeoutError(text));
    }, connectTimeoutMs);
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      this.#isConnected = true;
      if (this.#events !== undefined) socket.setTimeout(idleTimeoutMs);
    });
    socket.on('timeout', () => {
      // While the reader of the body wants nothing, silence is no failure.
      if (!this.#isPaused) this.destroy(timeoutError(`The server was silent for ${idleTimeoutMs} ms`));
    });
    socket.on('end', () => {
      this.#onEnd();
    });
    socket.on('error', (error) => {
      this.destroy(error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      this.destroy(wireError('ECONNRESET', 'socket hang up'));
      this.onClosed();
    });
    // Without it the end of the server's side would never be told.
    socket.resume();
  }

  #onBytes(bytesRead: number, buffer: Buffer): boolean {
    try {
      this.#reader.take(bytesRead, buffer);
    } catch (reason) {
      this.destroy(reason as Error); // the reader throws errors with a code only
    }
    return !this.#isPaused;
  }

  #onEnd(): void {
    try {
      this.#reader.end();
      this.destroy();
    } catch (reason) {
      this.destroy(reason as Error); // as above
    }
  }

  #sendBody(request: WireRequest): void {
    const { body } = request;
    if (body === undefined) return;
    if (body instanceof Uint8Array) {
      this.#socket.write(body);
      this.#isSending = false;
      return;
    }
    void this.#pipe(body, request.bodyBytes);
  }

  /** Never rejects: what goes wrong ends the connection. */
  async #pipe(body: Readable, bodyBytes: number): Promise<void> {
    let sentBytes = 0;
    try {
      for await (const chunk of body) {
        if (this.#socket.destroyed) return;
        const bytes = chunk as Buffer; // a body is a stream of bytes (ObjectBody)
        sentBytes += bytes.length;
        if (sentBytes > bodyBytes)
          throw wireError('IncompleteBody', 'the body is longer than it was announced');
        const hasRoom = this.#socket.write(bytes);
        this.#isSending = sentBytes < bodyBytes;
        if (!hasRoom) await this.#drained();
      }
      if (sentBytes < bodyBytes)
        throw wireError('IncompleteBody', 'the body is shorter than it was announced');
    } catch (reason) {
      // A connection with a body that is not whole carries nothing else, so this is still its request.
      this.destroy(reason instanceof Error ? reason : new Error(String(reason)));
    }
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        this.#socket.off('drain', settle).off('close', settle);
        resolve();
      };
      this.#socket.on('drain', settle).on('close', settle);
    });
  }

  /** `timeout=5`: idle connections are closed after so many seconds; one before, so as not to meet in the middle. */
  #noteKeepAlive(field: string | undefined): void {
    const seconds = /timeout=(\d+)/.exec(field ?? '')?.[1];
    if (seconds !== undefined) this.#keepAliveMs = Math.max(0, Number(seconds) * 1000 - 1000);
  }
}
