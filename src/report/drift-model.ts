import { z } from 'zod';

/** One thing in which a target is not as it is declared; decides nothing. */
export const driftSchema = z.strictObject({
  /** What cases ask for: `hard-link`. Absent: it is about the probes themselves. */
  need: z.string().optional(),
  /** `Declared without hard-link (reason), but link(2) works`. */
  says: z.string(),
});
export type Drift = z.infer<typeof driftSchema>;
