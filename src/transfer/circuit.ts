import type { ObjectStore } from '../s3/store.js';

/** So many transfers in a row that ended with the plain way are no accident. */
const FAILURES_TO_OPEN = 3;
/** Then the optimized way costs its tries for nothing: longer than most restarts, short enough to notice the end. */
const OPEN_MS = 60_000;

/**
 * Keeps transfers away from the optimized way after it has failed again and again. After a while one of them tries it
 * (half-open), and the others stay plain until that one has ended.
 */
export class Circuit {
  readonly #nowMs: () => number;
  #failures = 0;
  #openUntilMs = -Infinity;
  #isTrial = false;
  #reason = '';

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Why this transfer is to be plain; `undefined`: try the optimized way, and tell how it went. */
  refusal(): string | undefined {
    if (this.#failures < FAILURES_TO_OPEN) return undefined;
    if (this.#isTrial || this.#nowMs() < this.#openUntilMs) {
      return `the optimized way has failed ${this.#failures} times in a row: ${this.#reason}`;
    }
    this.#isTrial = true;
    return undefined;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#isTrial = false;
  }

  failed(reason: string): void {
    this.#failures += 1;
    this.#isTrial = false;
    this.#reason = reason;
    if (this.#failures >= FAILURES_TO_OPEN) this.#openUntilMs = this.#nowMs() + OPEN_MS;
  }

  /** It ended in a way that says nothing of the optimized way: a cancel, a missing object. */
  undecided(): void {
    this.#isTrial = false;
  }
}

const circuits = new WeakMap<ObjectStore, Circuit>();

/** The circuit of a store: all its transfers share it. */
export function circuitOf(store: ObjectStore): Circuit {
  const circuit = circuits.get(store) ?? new Circuit();
  circuits.set(store, circuit);
  return circuit;
}
