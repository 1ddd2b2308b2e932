import type { Socket } from 'node:net';

/** One open connection. */
export interface OpenConnection {
  /** Of the server; `undefined` until it is connected. */
  readonly address: string | undefined;
  readonly requests: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** For how long it has carried requests. */
  readonly busyMs: number;
  /** Bytes of both ways over that time; 0 before any. */
  readonly bytesPerSecond: number;
}

export interface ConnectionCounts {
  readonly opened: number;
  /** Requests that found a connection open. */
  readonly reused: number;
  readonly open: readonly OpenConnection[];
}

interface Entry {
  requests: number;
  busyMs: number;
  /** While it carries a request. */
  sinceMs: number | undefined;
}

/** Counts the connections of the clients that it is given to, and what each of them carries. */
export class ConnectionMeter {
  readonly #open = new Map<Socket, Entry>();
  readonly #nowMs: () => number;
  #opened = 0;
  #reused = 0;

  constructor(nowMs = (): number => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** A request takes this connection: its first, or one more. */
  began(socket: Socket): void {
    const known = this.#open.get(socket);
    const entry = known ?? { requests: 0, busyMs: 0, sinceMs: undefined };
    entry.requests += 1;
    entry.sinceMs ??= this.#nowMs();
    if (known !== undefined) {
      this.#reused += 1;
      return;
    }
    this.#opened += 1;
    this.#open.set(socket, entry);
    socket.once('close', () => this.#open.delete(socket));
  }

  /** The connection waits for its next request. */
  ended(socket: Socket): void {
    const entry = this.#open.get(socket);
    if (entry?.sinceMs === undefined) return;
    entry.busyMs += this.#nowMs() - entry.sinceMs;
    entry.sinceMs = undefined;
  }

  counts(): ConnectionCounts {
    const nowMs = this.#nowMs();
    const open = [...this.#open].map(([socket, { requests, busyMs, sinceMs }]) => {
      const { bytesRead, bytesWritten, remoteAddress } = socket;
      const busyNowMs = busyMs + (sinceMs === undefined ? 0 : nowMs - sinceMs);
      return {
        address: remoteAddress,
        requests,
        bytesSent: bytesWritten,
        bytesReceived: bytesRead,
        busyMs: busyNowMs,
        bytesPerSecond: busyNowMs > 0 ? ((bytesRead + bytesWritten) * 1000) / busyNowMs : 0,
      };
    });
    return { opened: this.#opened, reused: this.#reused, open };
  }
}
