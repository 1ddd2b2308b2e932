import { Failure, type FailureKind } from '../../errors/failure.js';
import { isTransient } from '../../s3/backoff.js';
import { OPERATION_OF, wrapStore } from '../../s3/metered.js';
import type { ObjectStore } from '../../s3/store.js';

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

/** Watches whether a store answers. */
export class StoreWatch {
  #lastAnswerMs: number | undefined;
  #lastFailure: StoreFailure | undefined;
  #failingSinceMs: number | undefined;

  /** The same store, whose answers are seen here. */
  watch(store: ObjectStore): ObjectStore {
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

  health(): StoreHealth {
    return {
      lastAnswerMs: this.#lastAnswerMs,
      lastFailure: this.#lastFailure,
      failingSinceMs: this.#failingSinceMs,
    };
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
