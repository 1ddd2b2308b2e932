/** HyStart++ leaves slow start when the round trips grow, before anything is lost (RFC 9406). */
export interface HystartState {
  readonly phase: 'slow-start' | 'conservative';
  readonly lastRoundMinMs: number;
  readonly roundMinMs: number;
  readonly samples: number;
  /** Least round trip when conservative slow start began. */
  readonly baselineMs: number;
  readonly conservativeRounds: number;
  /** A round ends with the first request that began after this. */
  readonly roundStartMs: number;
}

/** RFC 9406 section 4.3. */
const MIN_RTT_THRESH_MS = 4;
const MAX_RTT_THRESH_MS = 16;
const MIN_RTT_DIVISOR = 8;
const N_RTT_SAMPLE = 8;
const CSS_GROWTH_DIVISOR = 4;
const CSS_ROUNDS = 5;

export function startHystart(nowMs: number): HystartState {
  return {
    phase: 'slow-start',
    lastRoundMinMs: Infinity,
    roundMinMs: Infinity,
    samples: 0,
    baselineMs: Infinity,
    conservativeRounds: 0,
    roundStartMs: nowMs,
  };
}

/** What slow start adds for each acknowledged byte. */
export function slowStartGrowth({ phase }: HystartState): number {
  return phase === 'slow-start' ? 1 : 1 / CSS_GROWTH_DIVISOR;
}

/** Slow start is over: the window is as large as the path bears. */
export function isSlowStartOver({ conservativeRounds }: HystartState): boolean {
  return conservativeRounds >= CSS_ROUNDS;
}

/** Takes the round trip of an acknowledged request (RFC 9406 section 4.2). */
export function stepHystart(
  state: HystartState,
  beganMs: number,
  rttMs: number,
  nowMs: number,
): HystartState {
  const rounded = beganMs >= state.roundStartMs ? nextRound(state, nowMs) : state;
  const roundMinMs = Math.min(rounded.roundMinMs, rttMs);
  const seen = { ...rounded, roundMinMs, samples: rounded.samples + 1 };
  if (seen.samples < N_RTT_SAMPLE || seen.lastRoundMinMs === Infinity) return seen;
  if (seen.phase === 'conservative') {
    // The round trip has come down again: it was jitter.
    return roundMinMs < seen.baselineMs
      ? { ...seen, phase: 'slow-start', conservativeRounds: 0, baselineMs: Infinity }
      : seen;
  }
  const thresholdMs = Math.max(
    MIN_RTT_THRESH_MS,
    Math.min(seen.lastRoundMinMs / MIN_RTT_DIVISOR, MAX_RTT_THRESH_MS),
  );
  if (roundMinMs < seen.lastRoundMinMs + thresholdMs) return seen;
  return { ...seen, phase: 'conservative', baselineMs: roundMinMs, conservativeRounds: 0 };
}

function nextRound(state: HystartState, nowMs: number): HystartState {
  const conservativeRounds =
    state.phase === 'conservative' ? state.conservativeRounds + 1 : state.conservativeRounds;
  const lastRoundMinMs = state.roundMinMs;
  return {
    ...state,
    conservativeRounds,
    lastRoundMinMs,
    roundMinMs: Infinity,
    samples: 0,
    roundStartMs: nowMs,
  };
}
