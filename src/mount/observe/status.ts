import { z } from 'zod';
import { requestCountSchema } from '../../report/model.js';
import { recoveredFile } from './recovery.js';

const timestamp = z.iso.datetime();

/** What a mount daemon says of itself: `objectfs status --json`. */
export const mountStatus = z.object({
  state: z.literal('running'),
  mountPoint: z.string(),
  /** `s3://bucket/prefix` */
  source: z.string(),
  bucket: z.string(),
  prefix: z.string(),
  /** Absent: AWS. */
  endpoint: z.string().optional(),
  region: z.string(),
  binding: z.string(),
  readOnly: z.boolean(),
  pid: z.number().int(),
  startedAt: timestamp,
  uptimeMs: z.number(),
  rssBytes: z.number(),
  /** Open descriptors of the daemon. */
  descriptors: z.number(),
  /** Timers of the daemon that are set. */
  timers: z.number(),
  /** Requests of the kernel that wait for their answer, oldest first. */
  openRequests: z.array(
    z.object({ operation: z.string(), ageMs: z.number(), pid: z.number(), ino: z.string() }),
  ),
  /** Requests of the kernel that were answered, by operation; errors by errno. */
  operations: z.array(
    z.object({
      operation: z.string(),
      count: z.number(),
      errors: z.record(z.string(), z.number()),
      totalMs: z.number(),
    }),
  ),
  files: z.object({
    inodes: z.number(),
    openFiles: z.number(),
    openDirectories: z.number(),
    dirtyFiles: z.number(),
    dirtyBytes: z.number(),
  }),
  /** By counter name. */
  cache: z.record(z.string(), z.number()),
  store: z.object({
    state: z.enum(['unused', 'answering', 'failing']),
    /** By S3 operation. */
    requests: z.array(requestCountSchema),
    /** Those to the store: opened so far, requests that found one open, and what each open one has carried. */
    connections: z.object({
      opened: z.number(),
      reused: z.number(),
      open: z.array(
        z.object({
          address: z.string().optional(),
          requests: z.number(),
          bytesSent: z.number(),
          bytesReceived: z.number(),
          busyMs: z.number(),
          /** While it carried requests. */
          bytesPerSecond: z.number(),
        }),
      ),
    }),
    /** Requests that were sent again after a transient failure. */
    retries: z.number(),
    lastAnswerAt: timestamp.optional(),
    /** Since when nothing has been answered. */
    failingSince: timestamp.optional(),
    lastFailure: z
      .object({ at: timestamp, operation: z.string(), kind: z.string(), message: z.string() })
      .optional(),
  }),
  cacheFolder: z.string(),
  /** Absent: the daemon logs to the stderr of the command that holds it. */
  logFile: z.string().optional(),
  metricsUrl: z.string().optional(),
  /** Bytes that could not be saved, of this mount and those before it. */
  recovery: z.array(recoveredFile),
});
export type MountStatus = z.infer<typeof mountStatus>;
