import { z } from 'zod';

/** One thing that the project says of its transfers, and what a run found. */
export const claimResultSchema = z.strictObject({
  /** `same-region, upload of 64 MiB: optimized is at least 4.6 times as fast as plain`. */
  says: z.string(),
  /**
   * `reached`: the whole interval keeps the bound; `missed`: none of it does; `open`: some of it, or too few blocks;
   * `not-measured`: with the reason.
   */
  state: z.enum(['reached', 'missed', 'open', 'not-measured']),
  bound: z.number(),
  /** What is bounded: from below, or from above. */
  side: z.enum(['least', 'most']),
  /** With its 95 % interval; one value where the server counted. */
  measured: z.strictObject({ estimate: z.number(), lower: z.number(), upper: z.number() }).optional(),
  reason: z.string().optional(),
});
export type ClaimResult = z.infer<typeof claimResultSchema>;
