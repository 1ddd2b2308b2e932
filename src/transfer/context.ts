import { Failure } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import { isTransient, retrying, type RetryPolicy } from '../s3/backoff.js';
import { wrapStore, type StoreMethod } from '../s3/metered.js';
import type { ObjectStore } from '../s3/store.js';
import type { PartOutcome, WindowController } from './congestion/controller.js';
import { outcomeOf } from './congestion/outcome.js';
import type { Hedger } from './hedging/hedger.js';
import type { CongestionName } from './congestion/choose.js';
import type { Pacer } from './pacing.js';
import type { PathEstimate } from './path-estimate.js';
import type { PlanSettings } from './plan.js';
import type { Tally } from './tally.js';
import type { TransferSummary, Verification } from './transporter.js';

/** The settings that decide how an object is moved. */
export interface TransferSettings extends PlanSettings {
  readonly congestion: CongestionName;
  /** Bytes per second that parts of all transfers together may begin with. */
  readonly targetThroughput?: number | undefined;
  /** Ask a second time for a range that is slower than nearly all others. Absent: no. */
  readonly hedge?: boolean | undefined;
}

/** What the steps of one transfer share. */
export interface TransferContext {
  /** Counts its requests into {@link TransferContext.tally}. */
  readonly store: ObjectStore;
  readonly settings: TransferSettings;
  readonly tally: Tally;
  readonly budget: RetryBudget;
  /** Learns from each request. */
  readonly path: PathEstimate;
  /** Absent: parts begin as fast as the window permits. */
  readonly pacer?: Pacer | undefined;
  /** Absent: each part is asked for once at a time. */
  readonly hedger?: Hedger | undefined;
  readonly policy: Partial<RetryPolicy>;
  readonly log: Log;
  readonly startMs: number;
}

/**
 * What the object of a transfer is cut by. A journal pins the sizes of its parts, and after a restart nobody knows the path:
 * there it counts for nothing.
 */
export function planFor(
  { settings, path: { bandwidthDelayBytes } }: TransferContext,
  { journal }: { readonly journal?: unknown },
): PlanSettings {
  return journal === undefined ? { ...settings, bandwidthDelayBytes } : settings;
}

/** Retries that all parts of one transfer share, so a store in trouble is not flooded by all of them at once. */
export interface RetryBudget {
  /** `false`: spent. A refusal by load costs nothing: the learnt request rate holds back what follows it. */
  take(failure: Failure): boolean;
  /** Called once per part that succeeds. */
  earn(): void;
}

/** Tries of one part; shorter than the store's own policy, because a fallback stands behind it. */
export const PART_RETRY: Partial<RetryPolicy> = { maxAttempts: 4, maxDelayMs: 2_000, maxTotalMs: 30_000 };

/** Retries that a transfer may spend before its first part has succeeded. */
const INITIAL_RETRIES = 10;
/** Every fifth success pays for one retry more (the 20 % of Finagle's `RetryBudget`). */
const RETRIES_PER_SUCCESS = 0.2;

export function createRetryBudget(): RetryBudget {
  let left = INITIAL_RETRIES;
  return {
    take({ kind }) {
      if (kind === 'throttled') return true;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
    earn() {
      left += RETRIES_PER_SUCCESS;
    },
  };
}

/** Their answer, of `get` its head, waits for nothing but the path and the server. */
const ANSWERS = new Set<StoreMethod>(['head', 'get', 'createUpload']);

/** A store whose requests are counted into `tally`, and whose answers `path` learns from. */
export function observedStore(store: ObjectStore, tally: Tally, path: PathEstimate): ObjectStore {
  return wrapStore(store, async (method, run) => {
    tally.requests += 1;
    const beganMs = performance.now();
    const result = await run();
    if (ANSWERS.has(method)) path.answered(performance.now() - beganMs);
    return result;
  });
}

/**
 * Tries one part until it succeeds, its failure is final, or tries, time or the shared budget are spent.
 *
 * @param window - learns from each try. Absent: the part is the whole object.
 */
export async function tryPart<T>(
  context: TransferContext,
  sizeBytes: number,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
  window?: WindowController,
): Promise<T> {
  const { tally, budget, policy, pacer, path } = context;
  const observed = async (): Promise<T> => {
    await pacer?.take(sizeBytes, signal);
    const beganMs = performance.now();
    const begin = window?.begin(tally.inFlight, beganMs);
    const report = (outcome: PartOutcome): void => {
      if (begin !== undefined) window?.report(outcome, begin, performance.now());
    };
    try {
      const result = await attempt();
      report({ kind: 'acked', bytes: sizeBytes });
      budget.earn();
      path.carried(sizeBytes, performance.now() - beganMs);
      return result;
    } catch (reason) {
      const failure = Failure.from(reason);
      report(outcomeOf(failure));
      throw failure;
    }
  };
  return retrying(observed, {
    signal,
    policy: { ...PART_RETRY, ...policy },
    isRetriable: (failure) => isTransient(failure) && budget.take(failure),
    onRetry: () => {
      tally.retries += 1;
    },
  });
}

/** The counted part of a summary. */
export function summarize(
  { tally, startMs }: Pick<TransferContext, 'tally' | 'startMs'>,
  sizeBytes: number,
  verification: Verification,
): TransferSummary {
  const { parts, requests, retries, peakInFlight, resumedBytes } = tally;
  const { hedged, hedgeWins, hedgesCancelled } = tally;
  const elapsedMs = performance.now() - startMs;
  const counted = { parts, requests, retries, peakInFlight, resumedBytes };
  return { sizeBytes, elapsedMs, ...counted, hedged, hedgeWins, hedgesCancelled, verification };
}
