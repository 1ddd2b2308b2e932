import type { Config } from '../config/schema.js';
import type { S3Connection } from '../s3/connection.js';

/** Everything that a mount daemon has to know. It travels over the IPC channel: secrets are in no argument list. */
export interface MountPlan {
  readonly bucket: string;
  /** Empty, or the part of the bucket to mount; with or without its last `/`. */
  readonly prefix: string;
  readonly mountPoint: string;
  readonly connection: S3Connection;
  readonly config: Config;
  /** For tests of the suites, see `src/config/planted.ts`: the file that names the defect at work. */
  readonly planted?: string;
  /** The daemon keeps a thread that tells where its main thread is, for whoever looks into a hang. @defaultValue false */
  readonly tellsStack?: boolean;
  /** Where the daemon's stderr goes, so that it can be opened anew. Set by `startMount`. */
  readonly logFile?: string;
}

/** What the mount table shows as the source. */
export function sourceOf(plan: Pick<MountPlan, 'bucket' | 'prefix'>): string {
  const prefix = plan.prefix.replace(/\/+$/, '');
  return prefix === '' ? `s3://${plan.bucket}` : `s3://${plan.bucket}/${prefix}`;
}
