/** Counters of one transfer. */
export interface Tally {
  requests: number;
  retries: number;
  /** Parts that were asked for a second time while the first request was under way. */
  hedged: number;
  /** Those of them that ended before the first one did. */
  hedgeWins: number;
  /** Those of them that were given up, mostly because the first one ended before. */
  hedgesCancelled: number;
  inFlight: number;
  peakInFlight: number;
  parts: number;
  resumedBytes: number;
}

export function newTally(): Tally {
  return {
    requests: 0,
    retries: 0,
    hedged: 0,
    hedgeWins: 0,
    hedgesCancelled: 0,
    inFlight: 0,
    peakInFlight: 0,
    parts: 1,
    resumedBytes: 0,
  };
}

/** Marks one part as in flight while `run` lasts. */
export async function inFlight<T>(tally: Tally, run: () => Promise<T>): Promise<T> {
  tally.inFlight += 1;
  tally.peakInFlight = Math.max(tally.peakInFlight, tally.inFlight);
  try {
    return await run();
  } finally {
    tally.inFlight -= 1;
  }
}
