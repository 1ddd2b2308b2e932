import { setTimeout as delay } from 'node:timers/promises';
import { Failure, type FailureKind } from '../errors/failure.js';

/** How often and how long a failed request is tried again. */
export interface RetryPolicy {
  /** Tries in all. @defaultValue 5 */
  readonly maxAttempts: number;
  /** Shortest wait. @defaultValue 50 ms */
  readonly baseDelayMs: number;
  /** Longest wait, but for one that `Retry-After` asks for. @defaultValue 5,000 ms */
  readonly maxDelayMs: number;
  /** No new try begins after this long, whatever `Retry-After` asks for. @defaultValue 60,000 ms */
  readonly maxTotalMs: number;
  /** Uniform in [0, 1). @defaultValue Math.random */
  readonly random: () => number;
}

export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 5,
  baseDelayMs: 50,
  maxDelayMs: 5_000,
  maxTotalMs: 60_000,
  random: Math.random,
};

/** Kinds that may pass by themselves. */
const TRANSIENT = new Set<FailureKind>([
  'throttled',
  'server-error',
  'timeout',
  'reset',
  'unreachable',
  'short-body',
  'bad-checksum',
]);

/** Transient kinds after which the request may have been carried out all the same. */
const AMBIGUOUS = new Set<FailureKind>(['server-error', 'timeout', 'reset']);

export function isTransient(failure: Failure): boolean {
  return TRANSIENT.has(failure.kind);
}

/** True where the server may have done what was asked although the reply says nothing or "error". */
export function isAmbiguous(failure: Failure): boolean {
  return AMBIGUOUS.has(failure.kind);
}

/** Who tries for ever, as write-back does, looks again after an hour: a clock or a server may have been wrong. */
const LONGEST_WISH_MS = 3_600_000;

/**
 * The waits between tries: "decorrelated jitter", each between the base and three times the one before
 * (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015). A wish of the server counts as the
 * least wait; who has a deadline compares the answer with it.
 */
export function createBackoff(policy: RetryPolicy): (failure: Failure) => number {
  let previousMs = policy.baseDelayMs;
  return (failure) => {
    const spread = Math.max(0, previousMs * 3 - policy.baseDelayMs);
    previousMs = Math.min(policy.maxDelayMs, policy.baseDelayMs + policy.random() * spread);
    return Math.max(previousMs, Math.min(failure.retryAfterMs ?? 0, LONGEST_WISH_MS));
  };
}

/** What one {@link retrying} call may be told. */
export interface RetryOptions {
  readonly policy?: Partial<RetryPolicy> | undefined;
  readonly signal?: AbortSignal | undefined;
  /** @defaultValue {@link isTransient} */
  readonly isRetriable?: (failure: Failure) => boolean;
  /** Called before each new try. */
  readonly onRetry?: (failure: Failure) => void;
}

/**
 * Runs `attempt` until it succeeds, its failure is final, or the policy's tries or time are spent.
 *
 * @throws the last Failure, or `cancelled` as soon as the signal fires, also during a wait.
 */
export async function retrying<T>(attempt: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const policy = { ...DEFAULT_RETRY, ...options.policy };
  const { isRetriable = isTransient, signal } = options;
  const nextDelayMs = createBackoff(policy);
  const startMs = performance.now();
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (reason) {
      const failure = Failure.from(reason);
      if (tries >= policy.maxAttempts || !isRetriable(failure) || signal?.aborted === true) throw failure;
      const waitMs = nextDelayMs(failure);
      const leftMs = policy.maxTotalMs - (performance.now() - startMs);
      if (waitMs > leftMs) throw tooLate(failure, leftMs);
      await pause(waitMs, signal);
      options.onRetry?.(failure);
    }
  }
}

/** Says so where it is the server's wish that ends the tries. */
function tooLate(failure: Failure, leftMs: number): Failure {
  const { retryAfterMs, subject, status, code } = failure;
  if (retryAfterMs === undefined || retryAfterMs <= leftMs) return failure;
  const wish = `the server asks to wait ${seconds(retryAfterMs)} (Retry-After)`;
  const left = `${seconds(Math.max(0, leftMs))} are left for this request`;
  return new Failure(failure.kind, `${failure.message}; ${wish}, ${left}`, {
    remedy: 'Try again after that time',
    retryAfterMs,
    cause: failure,
    ...(subject === undefined ? {} : { subject }),
    ...(status === undefined ? {} : { status }),
    ...(code === undefined ? {} : { code }),
  });
}

function seconds(ms: number): string {
  return `${Math.ceil(ms / 1000)} s`;
}

/** Waits; a fired signal ends the wait with the failure `cancelled`. */
export async function pause(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(waitMs, undefined, signal === undefined ? {} : { signal });
  } catch (reason) {
    throw Failure.from(reason);
  }
}
