import type { Config } from '../config/schema.js';
import type { Sample } from '../report/model.js';
import type { S3Connection } from '../s3/connection.js';
import type { ComparedArm } from './arms.js';
import type { OperationName } from './plan.js';

/** The first message to an arm's process; credentials travel here and not in arguments or environment. */
export interface ArmSettings {
  readonly arm: ComparedArm;
  readonly connection: S3Connection;
  readonly bucket: string;
  readonly transfer: Config['transfer'];
  /** A folder that outside programs may take for their home. */
  readonly home: string;
  /** A small object, read once before anything is timed. */
  readonly warmKey: string;
}

/** An object to move: a file to send, or the file that a download writes. */
export interface ArmObject {
  readonly key: string;
  readonly path: string;
}

/** Moves the objects, four at a time. */
export interface ArmJob {
  readonly operation: OperationName;
  readonly objects: readonly ArmObject[];
}

export type ToArm =
  { readonly type: 'start'; readonly settings: ArmSettings } | { readonly type: 'job'; readonly job: ArmJob };

/** What one run measured; counts come from the transporter's own summaries, and programs have none. */
export interface ArmResult {
  readonly elapsedMs: number;
  readonly bytes: number;
  readonly requests?: number;
  readonly retries?: number;
  readonly hedges?: NonNullable<Sample['hedges']>;
  readonly connections?: NonNullable<Sample['connections']>;
  readonly cpuMs: number;
  readonly peakRssBytes: number;
  readonly fallback?: string;
}

export type FromArm = { readonly type: 'ready' } | { readonly type: 'result'; readonly result: ArmResult };
