import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';

/** How long the loop turns: about what a sleep and a wake-up cost. */
const AWAKE_MS = 0.05;
/** Requests that come that soon, a wake-up included, are worth it. */
const SHORT_MS = 0.15;
/** So many of them in a row let the loop turn; one that does not come ends it. */
const STREAK = 8;

/** What it stands on. */
export interface HaltPollingOptions {
  /** @defaultValue those that this process may use */
  readonly cores?: number;
  readonly nowMs?: () => number;
  /** Calls back in the next turn of the event loop, which does not sleep before. */
  readonly nextTurn?: (callback: () => void) => void;
}

/**
 * Keeps the event loop turning for a moment after the last request was answered, instead of letting it sleep at once: who
 * asks one thing after another (stat, ls, tar) asks again within microseconds, and each sleep costs a switch of
 * processes, on virtual machines also an exit to the host. It adapts itself, as halt polling in KVM does
 * (Documentation/virt/kvm/halt-polling.rst); timers and sockets get their turn meanwhile. On a single core it would keep
 * the other side from running, so it does nothing there.
 */
export class HaltPolling {
  readonly #isUseful: boolean;
  readonly #nowMs: () => number;
  readonly #nextTurn: (callback: () => void) => void;
  #streak = 0;
  #waitingSinceMs: number | undefined;

  constructor(options: HaltPollingOptions = {}) {
    this.#isUseful = (options.cores ?? availableParallelism()) > 1;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.#nextTurn = options.nextTurn ?? setImmediate;
  }

  /** From now on there is nothing to do. */
  begin(): void {
    if (!this.#isUseful) return;
    this.#waitingSinceMs = this.#nowMs();
    if (this.#streak >= STREAK) this.#nextTurn(this.#turn);
  }

  /** A request is there. */
  end(): void {
    if (this.#waitingSinceMs === undefined) return;
    const isShort = this.#nowMs() - this.#waitingSinceMs < SHORT_MS;
    this.#streak = isShort ? this.#streak + 1 : 0;
    this.#waitingSinceMs = undefined;
  }

  readonly #turn = (): void => {
    if (this.#waitingSinceMs === undefined) return;
    if (this.#nowMs() - this.#waitingSinceMs < AWAKE_MS) this.#nextTurn(this.#turn);
    else this.#streak = 0;
  };
}
