import { deadline } from '../../errors/deadline.js';
import { Failure, type FailureKind } from '../../errors/failure.js';
import { isTransient } from '../../s3/backoff.js';
import { OPERATION_OF, wrapStore } from '../../s3/metered.js';
import type { ObjectStore } from '../../s3/store.js';
import type { Transporter } from '../../transfer/transporter.js';

/** The last request that the store did not serve for a reason of its own. */
export interface StoreFailure {
  readonly atMs: number;
  /** As the S3 API names it. */
  readonly operation: string;
  readonly kind: FailureKind;
  readonly message: string;
}

/** How the store has answered lately; times on the wall clock. */
export interface StoreHealth {
  readonly lastAnswerMs: number | undefined;
  readonly lastFailure: StoreFailure | undefined;
  /** Since when no request has been answered although some were sent; `undefined` where the store answers. */
  readonly failingSinceMs: number | undefined;
}

/** Answers to a question that was right: they say nothing of the store's health. */
const ORDINARY: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'missing',
  'missing-upload',
  'precondition-failed',
  'bad-range',
  'cancelled',
]);

/** Failures of the caller's rights: the store is there and refuses. */
const REFUSED: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'denied',
  'no-credentials',
  'bad-signature',
  'clock-skew',
]);

/** How often a store that is out is asked whether it is back, and how long its answer may take. */
const PROBE_INTERVAL_MS = 1_000;
const PROBE_TIMEOUT_MS = 5_000;

/**
 * Watches whether a store answers. Where it has not for the limit, it counts as out: requests then fail at once, so
 * that nobody waits for what is known, and {@link StoreWatch.probe} finds out when it is back.
 */
export class StoreWatch {
  readonly #limitMs: number;
  #lastAnswerMs: number | undefined;
  #lastFailure: StoreFailure | undefined;
  #failingSinceMs: number | undefined;
  #probedMs = 0;
  #isProbing = false;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** The same store, whose answers are seen here. Directly around the one that sends. */
  observe(store: ObjectStore): ObjectStore {
    return wrapStore(store, async (method, run) => {
      const beganMs = Date.now();
      try {
        const result = await run();
        this.#answered();
        return result;
      } catch (reason) {
        this.#failed(Failure.from(reason), OPERATION_OF[method], beganMs);
        throw reason;
      }
    });
  }

  /** The same store, which fails at once while it is out. Around the one that tries again. */
  guard(store: ObjectStore): ObjectStore {
    return wrapStore(store, (_method, run) => this.#guarded(run));
  }

  guardTransporter(transporter: Transporter): Transporter {
    return {
      name: transporter.name,
      upload: (...args) => this.#guarded(() => transporter.upload(...args)),
      download: (...args) => this.#guarded(() => transporter.download(...args)),
    };
  }

  /** Whether nothing has been answered for the limit. */
  isOut(): boolean {
    return this.#failingSinceMs !== undefined && Date.now() - this.#failingSinceMs >= this.#limitMs;
  }

  health(): StoreHealth {
    return {
      lastAnswerMs: this.#lastAnswerMs,
      lastFailure: this.#lastFailure,
      failingSinceMs: this.#failingSinceMs,
    };
  }

  /** Asks a store that is out, through {@link StoreWatch.observe}; called again and again. Never rejects. */
  async probe(store: ObjectStore, prefix: string): Promise<void> {
    if (!this.isOut() || this.#isProbing || Date.now() - this.#probedMs < PROBE_INTERVAL_MS) return;
    this.#isProbing = true;
    this.#probedMs = Date.now();
    const signal = deadline(PROBE_TIMEOUT_MS);
    await store.list({ prefix, maxKeys: 1, signal }).catch(() => undefined); // `observe` has seen how it went
    this.#isProbing = false;
  }

  async #guarded<T>(run: () => Promise<T>): Promise<T> {
    if (this.isOut()) throw this.#outage();
    return run();
  }

  #outage(): Failure {
    const since = new Date(this.#failingSinceMs ?? Date.now()).toISOString();
    const last = this.#lastFailure?.message ?? 'no answer';
    return new Failure('unreachable', `The store has not answered since ${since}: ${last}`, {
      remedy: 'The mount goes on by itself when the store answers again',
    });
  }

  #answered(): void {
    this.#lastAnswerMs = Date.now();
    this.#failingSinceMs = undefined;
  }

  #failed(failure: Failure, operation: string, beganMs: number): void {
    const { kind, message } = failure;
    if (kind === 'cancelled') return;
    const isAway = isTransient(failure) || REFUSED.has(kind);
    if (isAway) this.#failingSinceMs ??= beganMs;
    else this.#answered();
    if (!ORDINARY.has(kind)) this.#lastFailure = { atMs: Date.now(), operation, kind, message };
  }
}
