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
