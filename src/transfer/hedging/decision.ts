/** What a transfer has measured of its own parts, for the decision to ask for one of them a second time. */
export interface HedgeState {
  /** Durations of the last parts that came, by size class (see {@link sizeClassOf}). */
  readonly durationsMs: ReadonlyMap<number, readonly number[]>;
  /** Parts that were asked for, without second requests. */
  readonly requests: number;
  /** Second requests that were begun. */
  readonly hedged: number;
  /** No second request begins before. */
  readonly quietUntilMs: number;
}

/** One part that is under way. */
export interface SlowPart {
  readonly sizeBytes: number;
  readonly beganMs: number;
  /** The window would let one more part begin. */
  readonly hasRoom: boolean;
}

export type HedgeDecision =
  | { readonly kind: 'hedge' }
  /** Ask again after so long. */
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'never' };

/**
 * J. Dean, L. A. Barroso, "The Tail at Scale" (CACM 56/2, 2013): a second request is deferred until the first has taken
 * longer than the 95th percentile, which holds the additional load to about 5 %.
 */
const QUANTILE = 0.95;
const BUDGET = 0.05;
/** Fewer than 20 samples have no 95th percentile but their maximum, which a part may miss by chance. */
const MARGIN = 1.5;
/** A second request costs a round trip and a first byte, about 100 to 200 ms on S3 (its performance guidelines). */
const FLOOR_MS = 200;
const LEAST_SAMPLES = 5;
/** Older durations tell of a path that may have changed. */
const MOST_SAMPLES = 64;
/** A store that refuses requests does not want more of them. */
const QUIET_MS = 10_000;
/** The second reply waits in memory until it is whole; no part that the plan chooses is larger. */
const MOST_BYTES = 16 * 2 ** 20;
/** How often a part looks again whether the window has room. */
const LOOK_MS = 25;

export function startHedging(): HedgeState {
  return { durationsMs: new Map(), requests: 0, hedged: 0, quietUntilMs: -Infinity };
}

/** Sizes between the same two powers of two are one class. */
export function sizeClassOf(sizeBytes: number): number {
  return Math.floor(Math.log2(Math.max(1, sizeBytes)));
}

/** A part came after so long. */
export function withDuration(state: HedgeState, sizeBytes: number, durationMs: number): HedgeState {
  const sizeClass = sizeClassOf(sizeBytes);
  const known = state.durationsMs.get(sizeClass) ?? [];
  const kept = [...known, durationMs].slice(-MOST_SAMPLES);
  return { ...state, durationsMs: new Map([...state.durationsMs, [sizeClass, kept]]) };
}

/** The store answered 503 or 429. */
export function withThrottling(state: HedgeState, retryAfterMs: number, nowMs: number): HedgeState {
  return {
    ...state,
    quietUntilMs: Math.max(state.quietUntilMs, nowMs + Math.max(QUIET_MS, retryAfterMs)),
  };
}

/**
 * Decides whether a part is asked for a second time: it is slower than nearly all of its size class, the path has room,
 * and at most one in twenty parts was asked for twice (one of fewer).
 */
export function decideHedge(state: HedgeState, part: SlowPart, nowMs: number): HedgeDecision {
  if (part.sizeBytes > MOST_BYTES) return { kind: 'never' };
  const look = { kind: 'wait', waitMs: LOOK_MS } as const;
  const durationsMs = state.durationsMs.get(sizeClassOf(part.sizeBytes)) ?? [];
  if (durationsMs.length < LEAST_SAMPLES) return look;
  const leftMs = part.beganMs + Math.max(FLOOR_MS, MARGIN * quantile(durationsMs)) - nowMs;
  if (leftMs > 0) return { kind: 'wait', waitMs: leftMs };
  const isSpent = state.hedged >= Math.ceil(state.requests * BUDGET);
  return nowMs < state.quietUntilMs || isSpent || !part.hasRoom ? look : { kind: 'hedge' };
}

/** By the nearest rank. */
function quantile(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.ceil(QUANTILE * sorted.length) - 1] ?? Infinity;
}
