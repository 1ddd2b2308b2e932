import { z } from 'zod';

/** What a shaped link does, as the report tells it. */
export const linkProfileSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  source: z.string(),
  roundTripMs: z.number(),
  requestOverheadMs: z.number(),
  connectionUpBytesPerSecond: z.number().optional(),
  connectionDownBytesPerSecond: z.number().optional(),
  totalUpBytesPerSecond: z.number().optional(),
  totalDownBytesPerSecond: z.number().optional(),
  jitterMs: z.number().optional(),
  slowStart: z.boolean().optional(),
  queueUpBytes: z.number().optional(),
  queueDownBytes: z.number().optional(),
  /** Share of segments that are lost: 0.001 is 0.1 %. */
  lossRatio: z.number().optional(),
  lossBurstSegments: z.number().optional(),
  meanBytesToReset: z.number().optional(),
  capacitySteps: z
    .array(z.strictObject({ afterMs: z.number(), factor: z.number() }))
    .readonly()
    .optional(),
  capacityPeriodMs: z.number().optional(),
});
export type LinkFacts = z.infer<typeof linkProfileSchema>;
