import type { FioShape } from './fio-shape.js';
import type { WorkloadName } from './workloads.js';

/** What a driver works on. */
export interface DriverJob {
  readonly workload: WorkloadName;
  readonly amount: number;
  /** Present where fio does it. */
  readonly fio?: FioShape;
  /** Root of the target. */
  readonly directory: string;
  /** On the local disk, the same for all targets: archives and repositories to copy from. */
  readonly localFolder: string;
  readonly seed: number;
  /** Names what this run makes: `create-b3-o1`. */
  readonly tag: string;
}

/**
 * The steps of one run. `fixture`: once per target, what the runs read. `prepare`: before the mount is made cold.
 * `run`: timed. `check`: what was timed did what it should. `discard`: removes what the run made.
 */
export type DriverStep = 'fixture' | 'prepare' | 'run' | 'check' | 'discard';

export interface ToDriver {
  readonly step: DriverStep;
  readonly job: DriverJob;
}

/** A file that must be in the bucket now, by its path below the target's root. */
export interface ExpectedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface CheckResult {
  /** Absent: right so far. */
  readonly problem?: string;
  /** For the runner to compare with the bucket itself. */
  readonly files: readonly ExpectedFile[];
  /** Directories below which nothing may be left. */
  readonly gone: readonly string[];
}

export type FromDriver =
  | { readonly type: 'done' }
  | { readonly type: 'timed'; readonly elapsedMs: number; readonly bytes: number }
  | { readonly type: 'checked'; readonly result: CheckResult };
