import type { CongestionControl, WindowEvent, WindowLimits } from './controller.js';
import { isSlowStartOver, slowStartGrowth, startHystart, stepHystart, type HystartState } from './hystart.js';

/** RFC 9438 section 5.1: C, in segments per s^3. A segment is a part here. */
const C = 0.4;
/** RFC 9438 section 4.6: what is left of the window after a loss. */
const BETA = 0.7;
/** RFC 9438 section 4.3: growth of the Reno-friendly estimate, so that both get the same mean window. */
const RENO_ALPHA = (3 * (1 - BETA)) / (1 + BETA);
/** RFC 9438 section 4.4: the window grows by at most a half in one round trip. */
const MOST_GROWTH = 1.5;
/** Requests that end in a second get over a round trip of less. */
const LEAST_RTT_MS = 1;

/** The window and what it follows, in parts, which need not be whole. */
export interface CubicState {
  readonly limits: WindowLimits;
  readonly window: number;
  readonly threshold: number;
  readonly lastMax: number;
  /** Begin of the present congestion avoidance; absent before its first acknowledgement. */
  readonly epochMs: number | undefined;
  readonly windowAtEpoch: number;
  readonly renoWindow: number;
  readonly smoothRttMs: number;
  /** Losses of requests that began before this are those of the same event. */
  readonly reducedAtMs: number;
  readonly hystart: HystartState;
}

/**
 * CUBIC (RFC 9438) with fast convergence and HyStart++ (RFC 9406). It starts with as many parts as there are
 * connections, because the documented number of connections is a known good window; slow start is for the way back after
 * a timeout.
 */
export const cubic: CongestionControl<CubicState> = {
  name: 'cubic',
  start(limits, nowMs) {
    const window = limits.maxBytes / limits.partBytes;
    return {
      limits,
      window,
      threshold: window,
      lastMax: window,
      epochMs: undefined,
      windowAtEpoch: window,
      renoWindow: window,
      smoothRttMs: 0,
      reducedAtMs: -Infinity,
      hystart: startHystart(nowMs),
    };
  },
  step(state, event, nowMs) {
    const { outcome } = event;
    if (outcome.kind === 'lost') return reduce(state, event, outcome.cause === 'timeout', nowMs);
    return outcome.kind === 'acked' ? grow(state, event, outcome.bytes, nowMs) : state;
  },
  windowBytes: ({ window, limits }) => window * limits.partBytes,
};

function reduce(state: CubicState, event: WindowEvent, isTimeout: boolean, nowMs: number): CubicState {
  if (event.beganMs < state.reducedAtMs) return state;
  const { window } = state;
  const threshold = Math.max(1, window * BETA);
  return {
    ...state,
    // Fast convergence (RFC 9438 section 4.7): a flow that has not come back to its last height makes room.
    lastMax: window < state.lastMax ? (window * (1 + BETA)) / 2 : window,
    threshold,
    // RFC 9438 section 4.8: a timeout says that nothing gets through.
    window: isTimeout ? 1 : threshold,
    epochMs: undefined,
    reducedAtMs: nowMs,
    hystart: startHystart(nowMs),
  };
}

function grow(state: CubicState, event: WindowEvent, bytes: number, nowMs: number): CubicState {
  const rttMs = Math.max(LEAST_RTT_MS, nowMs - event.beganMs);
  const smoothRttMs = state.smoothRttMs === 0 ? rttMs : state.smoothRttMs + (rttMs - state.smoothRttMs) / 8; // RFC 6298
  const seen = { ...state, smoothRttMs };
  if (!event.wasFull) return seen;
  const most = state.limits.maxBytes / state.limits.partBytes;
  const parts = bytes / state.limits.partBytes;
  return state.window < state.threshold
    ? slowStart(seen, event.beganMs, rttMs, parts, most, nowMs)
    : avoid(seen, parts, most, nowMs);
}

function slowStart(
  state: CubicState,
  beganMs: number,
  rttMs: number,
  parts: number,
  most: number,
  nowMs: number,
): CubicState {
  const hystart = stepHystart(state.hystart, beganMs, rttMs, nowMs);
  const window = Math.min(most, state.window + parts * slowStartGrowth(hystart));
  return { ...state, hystart, window, threshold: isSlowStartOver(hystart) ? window : state.threshold };
}

/** Congestion avoidance (RFC 9438 sections 4.2 to 4.5). */
function avoid(before: CubicState, parts: number, most: number, nowMs: number): CubicState {
  const isNew = before.epochMs === undefined;
  const state = isNew ? { ...before, windowAtEpoch: before.window, renoWindow: before.window } : before;
  const { window, lastMax, windowAtEpoch } = state;
  const epochMs = state.epochMs ?? nowMs;
  const k = Math.cbrt(Math.max(0, lastMax - windowAtEpoch) / C);
  const inOneRtt = (nowMs - epochMs + state.smoothRttMs) / 1000;
  const wanted = C * (inOneRtt - k) ** 3 + lastMax;
  const target = Math.min(Math.max(wanted, window), MOST_GROWTH * window);
  const renoWindow = state.renoWindow + (RENO_ALPHA * parts) / window;
  const grown = Math.max(window + ((target - window) / window) * parts, renoWindow);
  return { ...state, epochMs, renoWindow, window: Math.min(most, grown) };
}
