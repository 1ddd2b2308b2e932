import { CallerRequest } from '../fs/request.js';
import type { RequestHeader } from './wire/operation.js';

/** A request that waits for its reply. */
export class PendingRequest extends CallerRequest {
  readonly interruptible: boolean;

  constructor(header: Pick<RequestHeader, 'uid' | 'gid' | 'pid'>, interruptible: boolean) {
    super(header);
    this.interruptible = interruptible;
  }
}

/** Interrupts that came before their request are kept up to this many; the kernel sends them rarely. */
const MOST_EARLY_INTERRUPTS = 256;

/** The kernel tells of one signal only: after one that a program survives, a deadly one has to be looked for. */
const LOOK_AGAIN_MS = 500;

/**
 * The requests that wait for their reply, by `unique`. An interrupt aborts one whose caller is about to die, and leaves
 * all others alone: a program that catches SIGALRM or SIGCHLD expects no EINTR of stat(2) or rename(2), which no local
 * file system returns (signal(7)), and must not be left in doubt whether the change was made.
 */
export class InFlight {
  readonly #pending = new Map<bigint, PendingRequest>();
  readonly #early = new Set<bigint>();
  readonly #signalled = new Set<bigint>();
  readonly #isDying: (threadId: number) => boolean;
  #timer: NodeJS.Timeout | undefined;

  /** @param isDying - Tells of a thread whether it will never see the answer. */
  constructor(isDying: (threadId: number) => boolean) {
    this.#isDying = isDying;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** @param interruptible - `false`: an interrupt leaves it alone; only the end of the connection aborts it. */
  begin(header: RequestHeader, interruptible: boolean): PendingRequest {
    const request = new PendingRequest(header, interruptible);
    this.#pending.set(header.unique, request);
    if (this.#early.delete(header.unique)) this.interrupt(header.unique);
    return request;
  }

  end(header: RequestHeader): void {
    this.#pending.delete(header.unique);
    this.#signalled.delete(header.unique);
  }

  /** A signal has come to the caller, also of a request that is still to come. A kernel uses no `unique` twice. */
  interrupt(unique: bigint): void {
    const request = this.#pending.get(unique);
    if (request !== undefined) {
      if (!request.interruptible) return;
      if (this.#isDying(request.pid)) request.abort();
      else this.#lookAgain(unique);
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

  #lookAgain(unique: bigint): void {
    this.#signalled.add(unique);
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const signalled = [...this.#signalled];
      this.#signalled.clear();
      for (const each of signalled) this.interrupt(each);
    }, LOOK_AGAIN_MS).unref();
  }
}
