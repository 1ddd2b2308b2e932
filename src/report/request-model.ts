import { z } from 'zod';

/** What a server was asked, of one operation. */
export const requestCountSchema = z.strictObject({
  /** S3 operation name: `GetObject`. */
  operation: z.string(),
  count: z.number().int(),
  errors: z.number().int(),
  /** Replies by their status; `none` where the connection ended without one. Absent where nobody looked. */
  statuses: z.record(z.string(), z.number().int()).optional(),
  /** Those of `count` that were sent again after a failure. Absent where nobody looked. */
  retries: z.number().int().optional(),
  bytesSent: z.number(),
  bytesReceived: z.number(),
});
export type RequestCount = z.infer<typeof requestCountSchema>;

/** Second requests for slow ranges (`transfer.hedge`): begun, ended first, given up. */
export const hedgeCountSchema = z.strictObject({
  sent: z.number().int(),
  won: z.number().int(),
  cancelled: z.number().int(),
});

/** Requests by whether their connection was opened for them; transfer workers do not tell. */
export const connectionCountSchema = z.strictObject({
  opened: z.number().int(),
  reused: z.number().int(),
});
