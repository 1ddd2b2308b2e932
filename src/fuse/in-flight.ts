import type { Request } from '../fs/operations.js';
import type { RequestHeader } from './wire/operation.js';

/** A request that waits for its reply. The abort signal is made when somebody first looks: most never do. */
export class PendingRequest implements Request {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  readonly interruptible: boolean;
  #controller: AbortController | undefined;
  #aborted = false;

  constructor(header: Pick<RequestHeader, 'uid' | 'gid' | 'pid'>, interruptible: boolean) {
    this.interruptible = interruptible;
    this.uid = header.uid;
    this.gid = header.gid;
    this.pid = header.pid;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}

/** Interrupts that came before their request are kept up to this many; the kernel sends them rarely. */
const MOST_EARLY_INTERRUPTS = 256;

/** The requests that wait for their reply, by `unique`. */
export class InFlight {
  readonly #pending = new Map<bigint, PendingRequest>();
  readonly #early = new Set<bigint>();

  get size(): number {
    return this.#pending.size;
  }

  /** @param interruptible - `false`: an interrupt leaves it alone; only the end of the connection aborts it. */
  begin(header: RequestHeader, interruptible: boolean): PendingRequest {
    const request = new PendingRequest(header, interruptible);
    this.#pending.set(header.unique, request);
    if (this.#early.delete(header.unique) && interruptible) request.abort();
    return request;
  }

  end(header: RequestHeader): void {
    this.#pending.delete(header.unique);
  }

  /** Aborts a request, also one that is still to come. `unique` numbers are never used twice by a kernel. */
  interrupt(unique: bigint): void {
    const request = this.#pending.get(unique);
    if (request !== undefined) {
      if (request.interruptible) request.abort();
      return;
    }
    this.#early.add(unique);
    if (this.#early.size > MOST_EARLY_INTERRUPTS) {
      const [oldest] = this.#early;
      if (oldest !== undefined) this.#early.delete(oldest);
    }
  }

  abortAll(): void {
    for (const request of this.#pending.values()) request.abort();
  }
}
