import { channel } from 'node:diagnostics_channel';
import { HttpConnection, type ConnectionLimits, type Origin, type SessionCache } from './connection.js';
import { abortError } from './wire-error.js';

/** Told of each connection that a request takes: {@link ConnectionTaken}. What listens here sees all pools of a thread. */
export const CONNECTION_TAKEN = channel('objectfs.s3.lean.connection');

export interface ConnectionTaken {
  /** Opened for this request; else it was open already. */
  readonly isNew: boolean;
}

/** Idle connections to one origin, and a bound on all of them. The one that was used last is used first. */
export class ConnectionPool {
  readonly #origin: Origin;
  readonly #limits: ConnectionLimits;
  readonly #maxSockets: number;
  readonly #idle: HttpConnection[] = [];
  readonly #open = new Set<HttpConnection>();
  /** Opened ahead, and not taken yet. */
  readonly #warmed = new Set<HttpConnection>();
  readonly #waiting = new Set<(connection: HttpConnection) => void>();
  readonly #sessions: SessionCache = {};
  #isClosed = false;

  constructor(origin: Origin, limits: ConnectionLimits, maxSockets: number) {
    this.#origin = origin;
    this.#limits = limits;
    this.#maxSockets = maxSockets;
  }

  /** An idle connection, a new one, or, where there are too many, the next that becomes free. */
  acquire(signal: AbortSignal | undefined): HttpConnection | Promise<HttpConnection> {
    for (let found = this.#idle.pop(); found !== undefined; found = this.#idle.pop()) {
      if (found.isUsable(performance.now())) {
        tellTaken(this.#warmed.delete(found));
        return found;
      }
      found.destroy();
    }
    if (this.#open.size >= this.#maxSockets) return this.#wait(signal);
    tellTaken(true);
    return this.#connect();
  }

  /** Opens connections until so many are idle, within the bound; one that fails is told to nobody. */
  warm(connections: number): void {
    while (!this.#isClosed && this.#idle.length < connections && this.#open.size < this.#maxSockets) {
      const connection = this.#connect();
      connection.rest(performance.now());
      this.#warmed.add(connection);
      this.#idle.push(connection);
    }
  }

  /** Takes a connection back whose exchange is over. */
  release(connection: HttpConnection, isReusable: boolean): void {
    if (!isReusable || this.#isClosed) {
      connection.destroy();
      return;
    }
    connection.rest(performance.now());
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#idle.push(connection);
      return;
    }
    tellTaken(false);
    next(connection);
  }

  /** Ends idle connections at once, and the others when they come back. */
  close(): void {
    this.#isClosed = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  #connect(): HttpConnection {
    const connection = new HttpConnection(this.#origin, this.#limits, this.#sessions);
    this.#open.add(connection);
    connection.onClosed = () => {
      this.#open.delete(connection);
      this.#warmed.delete(connection);
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
      const [next] = this.#waiting;
      if (next === undefined || this.#open.size >= this.#maxSockets) return;
      tellTaken(true);
      next(this.#connect());
    };
    return connection;
  }

  #wait(signal: AbortSignal | undefined): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiting.delete(take);
        signal?.removeEventListener('abort', cancel);
      };
      const take = (connection: HttpConnection): void => {
        settle();
        resolve(connection);
      };
      const cancel = (): void => {
        settle();
        reject(abortError());
      };
      this.#waiting.add(take);
      signal?.addEventListener('abort', cancel, { once: true });
    });
  }
}

function tellTaken(isNew: boolean): void {
  if (CONNECTION_TAKEN.hasSubscribers) CONNECTION_TAKEN.publish({ isNew } satisfies ConnectionTaken);
}
