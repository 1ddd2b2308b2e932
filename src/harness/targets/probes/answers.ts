import { z } from 'zod';
import { NEEDS } from '../../api/case.js';

/** What the process of the probes says, one JSON object per line on its standard output. */
export const probeAnswerSchema = z.discriminatedUnion('answer', [
  /** Before the call, so that one that hangs has a name. */
  z.strictObject({ answer: z.literal('begin'), need: z.enum(NEEDS), call: z.string() }),
  /** `problem`: why the target has it not; absent where it has it. */
  z.strictObject({
    answer: z.literal('end'),
    need: z.enum(NEEDS),
    call: z.string(),
    problem: z.string().optional(),
  }),
  /** No probe could be made. */
  z.strictObject({ answer: z.literal('given-up'), problem: z.string() }),
]);
export type ProbeAnswer = z.infer<typeof probeAnswerSchema>;
