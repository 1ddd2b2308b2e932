import type { CongestionControl, WindowEvent, WindowLimits } from './controller.js';

/**
 * draft-cardwell-iccrg-bbr-congestion-control-00 section 4.2: the gain that doubles the delivery rate in each round.
 */
const HIGH_GAIN = 2 / Math.LN2;
/** The same, section 4.3.4.2: probes for more, drains what that queued, cruises. */
const CYCLE_GAINS = [1.25, 0.75, 1, 1, 1, 1, 1, 1] as const;
/** Section 4.1.1.3: rounds of the bandwidth filter. */
const RATE_ROUNDS = 10;
/** Section 4.3.2.2: rounds without a quarter more until the pipe counts as full. */
const FULL_ROUNDS = 3;
const FULL_GROWTH = 1.25;
/** Section 4.3.5: how long a least round trip is believed, and how long the path is emptied to see it anew. */
const RTT_FILTER_MS = 10_000;
const PROBE_RTT_MS = 200;
/** Section 4.2.3.3: what stays in flight meanwhile; TCP's 4 segments would be half of a common window of parts. */
const PROBE_RTT_PARTS = 1;
/** Section 4.2.3.2: room for acknowledgements that come together. */
const WINDOW_GAIN = 2;
/** draft-cardwell-iccrg-bbr-congestion-control-02 section 4.6.4.2 (version 2): what a loss leaves of the bound. */
const BETA = 0.7;

interface RateSample {
  readonly round: number;
  readonly bytesPerMs: number;
}

export interface BbrState {
  readonly limits: WindowLimits;
  readonly mode: 'startup' | 'drain' | 'probe-bandwidth' | 'probe-rtt';
  readonly round: number;
  /** A round ends with the first request that began after this many bytes. */
  readonly roundEndBytes: number;
  readonly rates: readonly RateSample[];
  readonly fullRate: number;
  readonly roundsWithoutGrowth: number;
  readonly leastRttMs: number;
  readonly leastRttAtMs: number;
  readonly probeRttUntilMs: number;
  readonly cycleAt: number;
  readonly cycleStartMs: number;
  /** No more than this has been without loss; grows again with each round without one. */
  readonly boundBytes: number;
  readonly reducedAtMs: number;
}

/** BBR: in flight is what the path's own delivery rate and least round trip say that it holds. */
export const bbr: CongestionControl<BbrState> = {
  name: 'bbr',
  start: (limits, nowMs) => ({
    limits,
    mode: 'startup',
    round: 0,
    roundEndBytes: 0,
    rates: [],
    fullRate: 0,
    roundsWithoutGrowth: 0,
    leastRttMs: Infinity,
    leastRttAtMs: nowMs,
    probeRttUntilMs: 0,
    cycleAt: 2,
    cycleStartMs: nowMs,
    boundBytes: limits.maxBytes,
    reducedAtMs: -Infinity,
  }),
  step(state, event, nowMs) {
    if (event.outcome.kind === 'lost') return reduce(state, event, nowMs);
    if (event.outcome.kind === 'ignored') return state;
    return nextMode(measure(state, event, nowMs), nowMs);
  },
  windowBytes,
};

function windowBytes(state: BbrState): number {
  const { partBytes } = state.limits;
  if (state.mode === 'probe-rtt') return PROBE_RTT_PARTS * partBytes;
  const product = productBytes(state);
  // Before anything is measured, the configured number of connections is the best guess, or what losses have left of it.
  if (product === undefined) return state.boundBytes;
  const gain =
    state.mode === 'startup'
      ? HIGH_GAIN
      : state.mode === 'drain'
        ? 1
        : Math.min(WINDOW_GAIN, CYCLE_GAINS[state.cycleAt] ?? 1);
  // Parts are whole: half a part of rounding is not a probe.
  return Math.min(state.boundBytes, Math.max(partBytes, Math.ceil((gain * product) / partBytes) * partBytes));
}

/** Bandwidth times delay. */
function productBytes({ rates, leastRttMs }: BbrState): number | undefined {
  return rates.length === 0 ? undefined : rateOf(rates) * leastRttMs;
}

function rateOf(rates: readonly RateSample[]): number {
  return rates.reduce((most, { bytesPerMs }) => Math.max(most, bytesPerMs), 0);
}

/** Filters of delivery rate and round trip (section 4.1). */
function measure(state: BbrState, event: WindowEvent, nowMs: number): BbrState {
  const rttMs = Math.max(1, nowMs - event.beganMs);
  const bytesPerMs = (event.deliveredBytes - event.deliveredAtBeginBytes) / rttMs;
  const isNewRound = event.deliveredAtBeginBytes >= state.roundEndBytes;
  const round = isNewRound ? state.round + 1 : state.round;
  const kept = state.rates.filter((sample) => sample.round > round - RATE_ROUNDS);
  // A request that began with room in the window says what was asked for, not what the path bears.
  const rates =
    event.wasFull || bytesPerMs > rateOf(kept)
      ? [...kept.filter((sample) => sample.bytesPerMs > bytesPerMs), { round, bytesPerMs }]
      : kept;
  const isLeast = rttMs <= state.leastRttMs;
  const seen = {
    ...state,
    round,
    rates,
    roundEndBytes: isNewRound ? event.deliveredBytes : state.roundEndBytes,
    leastRttMs: isLeast ? rttMs : state.leastRttMs,
    leastRttAtMs: isLeast ? nowMs : state.leastRttAtMs,
  };
  return isNewRound ? endRound(seen, nowMs) : seen;
}

function endRound(state: BbrState, nowMs: number): BbrState {
  const rate = rateOf(state.rates);
  const grew = rate >= state.fullRate * FULL_GROWTH;
  // One part more per round without a loss, as the probing up of version 2.
  const isQuiet = nowMs - state.reducedAtMs > 2 * state.leastRttMs;
  const boundBytes = isQuiet
    ? Math.min(state.limits.maxBytes, state.boundBytes + state.limits.partBytes)
    : state.boundBytes;
  return {
    ...state,
    boundBytes,
    fullRate: grew ? rate : state.fullRate,
    roundsWithoutGrowth: grew ? 0 : state.roundsWithoutGrowth + 1,
  };
}

function nextMode(state: BbrState, nowMs: number): BbrState {
  if (state.mode === 'probe-rtt') {
    if (nowMs < state.probeRttUntilMs) return state;
    const mode = state.roundsWithoutGrowth >= FULL_ROUNDS ? 'probe-bandwidth' : 'startup';
    return { ...state, mode, leastRttAtMs: nowMs, cycleAt: 2, cycleStartMs: nowMs };
  }
  if (nowMs - state.leastRttAtMs > RTT_FILTER_MS) {
    const probeRttUntilMs = nowMs + PROBE_RTT_MS + state.leastRttMs;
    return { ...state, mode: 'probe-rtt', probeRttUntilMs, leastRttMs: Infinity };
  }
  if (state.mode === 'startup')
    return state.roundsWithoutGrowth >= FULL_ROUNDS
      ? { ...state, mode: 'drain', cycleStartMs: nowMs }
      : state;
  if (nowMs - state.cycleStartMs < state.leastRttMs) return state;
  if (state.mode === 'drain') return { ...state, mode: 'probe-bandwidth', cycleAt: 2, cycleStartMs: nowMs };
  return { ...state, cycleAt: (state.cycleAt + 1) % CYCLE_GAINS.length, cycleStartMs: nowMs };
}

function reduce(state: BbrState, event: WindowEvent, nowMs: number): BbrState {
  if (event.beganMs < state.reducedAtMs) return state;
  const usedBytes = Math.min(windowBytes(state), state.boundBytes);
  return { ...state, boundBytes: Math.max(state.limits.partBytes, usedBytes * BETA), reducedAtMs: nowMs };
}
