import type { CheckResult, DriverJob } from '../driver-protocol.js';

/** What was done while the clock ran. */
export interface Timed {
  readonly bytes: number;
  /** Measured by the action itself. @defaultValue from `startClock` to the end of `run` */
  readonly elapsedMs?: number;
  /** Compares; run after the clock has stopped. */
  check(): Promise<CheckResult>;
}

/** One workload, step by step; see `DriverStep`. Leaves no open file behind any step. */
export interface Action {
  fixture?(job: DriverJob): Promise<void>;
  prepare?(job: DriverJob): Promise<void>;
  /** @param startClock - To be called when all is laid out, directly before the first timed call. */
  run(job: DriverJob, startClock: () => void): Promise<Timed>;
  discard?(job: DriverJob): Promise<void>;
}

export const RIGHT: CheckResult = { files: [], gone: [] };

export function wrong(problem: string): CheckResult {
  return { problem, files: [], gone: [] };
}
