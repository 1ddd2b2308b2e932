/**
 * How many requests a second a store takes, learnt from those that it refuses. Pure functions of state, event and time:
 * no timers, clock or random numbers, so a seeded simulator can drive them.
 */
export interface RequestRate {
  /** Requests that may begin per second; Infinity: none was refused so far. */
  readonly perSecond: number;
  /** When the next one may begin. */
  readonly nextMs: number;
  /** The curve after a refusal begins here, at this height. */
  readonly cutMs: number;
  readonly cutPerSecond: number;
  /** The height that the curve comes back to; `undefined`: not known, so the rate doubles each second. */
  readonly plateau: number | undefined;
  readonly served: ServedCount;
}

/** Requests that were served, by a sliding window of a second: this one's count and the one's before. */
interface ServedCount {
  readonly beganMs: number;
  readonly count: number;
  readonly before: number;
}

/** What is left after a refusal. Gentler than CUBIC's 0.7: the rate of refusal is known, a bottleneck's queue is not. */
const BETA = 0.9;
/**
 * The rate is back at its plateau after this. The curve is that of CUBIC (RFC 9438 section 4.2), scaled by the plateau: a
 * limit of 10 a second and one of 5,000 are looked for equally often, and each look costs a refusal.
 */
const PLATEAU_MS = 4_000;
/** Lower limits are looked for less often, or a refusal would be more than a few percent of the requests. */
const PLATEAU_REQUESTS = 40;
/** What no store of any use is below: a refusal by mistake costs a second and no more. */
const LEAST_PER_SECOND = 1;
/** One refusal among a few requests tells nothing of a rate: it must not hold a small transfer up for seconds. */
const FIRST_PER_SECOND = 10;
/** A rate that nobody uses does not grow: at most so many times what was served (the SDKs' cap, as they have it). */
const MOST_OVER_SERVED = 2;
/** The limit is not higher than what was served, but for what a second's count may miss. */
const PLATEAU_OVER_SERVED = 1.25;
const WINDOW_MS = 1_000;
/**
 * Requests begin evenly; those that a late timer held up follow at once, as far as they lie within this: token buckets of
 * servers hold a tenth of a second and more. Below 10 a second nothing follows: there such a bucket holds one request.
 */
const CATCH_UP_MS = 100;

export function startRate(): RequestRate {
  return {
    perSecond: Infinity,
    nextMs: -Infinity,
    cutMs: -Infinity,
    cutPerSecond: Infinity,
    plateau: undefined,
    served: { beganMs: 0, count: 0, before: 0 },
  };
}

/** A request begins. */
export function withBegun(state: RequestRate, nowMs: number): RequestRate {
  if (state.perSecond === Infinity) return state;
  const intervalMs = 1000 / state.perSecond;
  const lateMs = Math.max(0, CATCH_UP_MS - intervalMs);
  return { ...state, nextMs: Math.max(state.nextMs, nowMs - lateMs) + intervalMs };
}

/** The store did what was asked, or refused it for a reason that is not its load. */
export function withServed(state: RequestRate, nowMs: number): RequestRate {
  const rolled = roll(state.served, nowMs);
  const served = { ...rolled, count: rolled.count + 1 };
  if (state.perSecond === Infinity) return { ...state, served };
  const most = MOST_OVER_SERVED * servedPerSecond(served, nowMs);
  const perSecond = Math.max(state.perSecond, Math.min(curve(state, nowMs), most));
  return { ...state, served, perSecond };
}

/**
 * The store answered 503 or 429. Requests that began before the last cut tell nothing new.
 *
 * @param beganMs - when the refused request began.
 */
export function withRefused(state: RequestRate, beganMs: number, nowMs: number): RequestRate {
  const served = roll(state.served, nowMs);
  if (beganMs <= state.cutMs) return { ...state, served };
  const measured = servedPerSecond(served, nowMs);
  const isFirst = state.perSecond === Infinity;
  const plateau = isFirst ? undefined : plateauAfter(state.perSecond, measured);
  const perSecond =
    plateau === undefined ? Math.max(FIRST_PER_SECOND, measured) : Math.max(LEAST_PER_SECOND, BETA * plateau);
  const nextMs = nowMs + 1000 / perSecond;
  return { perSecond, nextMs, cutMs: nowMs, cutPerSecond: perSecond, plateau, served };
}

/** One refusal at most halves it: a count over less than a second may miss what was served. */
function plateauAfter(perSecond: number, measured: number): number {
  return Math.min(perSecond, Math.max(perSecond / 2, PLATEAU_OVER_SERVED * measured));
}

function curve({ cutMs, cutPerSecond, plateau }: RequestRate, nowMs: number): number {
  if (plateau === undefined) return cutPerSecond * 2 ** ((nowMs - cutMs) / 1000);
  const plateauMs = Math.max(PLATEAU_MS, (1000 * PLATEAU_REQUESTS) / plateau);
  const fromPlateau = (nowMs - cutMs - plateauMs) / plateauMs;
  return plateau * (1 + (1 - BETA) * fromPlateau ** 3);
}

function roll(served: ServedCount, nowMs: number): ServedCount {
  const sinceMs = nowMs - served.beganMs;
  if (sinceMs < WINDOW_MS) return served;
  const isNext = sinceMs < 2 * WINDOW_MS;
  return {
    beganMs: isNext ? served.beganMs + WINDOW_MS : nowMs,
    count: 0,
    before: isNext ? served.count : 0,
  };
}

/** The last second: all of this window, and of the one before the share that the second still covers. */
function servedPerSecond({ beganMs, count, before }: ServedCount, nowMs: number): number {
  return count + before * (1 - (nowMs - beganMs) / WINDOW_MS);
}
