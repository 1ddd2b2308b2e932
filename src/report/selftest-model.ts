import { z } from 'zod';

/** What became of one defect that was planted to see whether a suite notices. */
export const mutantResultSchema = z.strictObject({
  id: z.string(),
  sentence: z.string(),
  /** The seam: `fileSystem`, `store`, `transporter`, `diskTier`, `server`, `uplink`, `downlink`. */
  where: z.string(),
  /** `broken`: the mount on which it was planted did not come back, so nothing is known. */
  state: z.enum(['caught', 'missed', 'broken']),
  /** Of `broken`. */
  reason: z.string().optional(),
  /** The case that noticed, and that passed again without the defect. */
  by: z
    .strictObject({
      suite: z.string(),
      id: z.string(),
      reason: z.string(),
      /** Of the case. */
      tier: z.enum(['quick', 'full', 'soak']),
    })
    .optional(),
  /** Time and number of the cases that were run until then. */
  elapsedMs: z.number(),
  cases: z.number().int(),
});
export type MutantResult = z.infer<typeof mutantResultSchema>;

/** The suites tested by planted defects. */
export const selftestSchema = z.strictObject({
  tier: z.enum(['quick', 'full']),
  /** The cases without any defect: all must pass. */
  control: z.strictObject({
    rounds: z.number().int(),
    cases: z.number().int(),
    bad: z.array(z.strictObject({ id: z.string(), reason: z.string() })),
  }),
  mutants: z.array(mutantResultSchema),
});
export type Selftest = z.infer<typeof selftestSchema>;
