const DRIFT_LIMIT_MS = 2;

/** Wall clock in nanoseconds: `Date.now()` refined by the monotonic clock, re-read when the two drift apart. */
export function createClock(): () => bigint {
  let base = anchor();
  return () => {
    const now = process.hrtime.bigint() + base;
    if (Math.abs(Number(now / 1_000_000n) - Date.now()) <= DRIFT_LIMIT_MS) return now;
    base = anchor();
    return process.hrtime.bigint() + base;
  };
}

function anchor(): bigint {
  return BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
}

/** Milliseconds of a clock that never goes back; only differences mean something. */
export function monotonicMs(): number {
  return performance.now();
}
