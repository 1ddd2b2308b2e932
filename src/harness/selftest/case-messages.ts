import { z } from 'zod';
import { CASE_STATES } from '../../report/model.js';
import { runPlanSchema } from '../api/protocol.js';

/** To the case process: first what it works on, then one case after the other. */
export const caseWorkSchema = z.strictObject({ suites: z.array(z.string()), plan: runPlanSchema });
export type CaseWork = z.infer<typeof caseWorkSchema>;

export const caseOrderSchema = z.strictObject({
  suite: z.string(),
  id: z.string(),
  /** Name of a directory at the root of the target, made before; cases of other areas do not meet this one. */
  area: z.string(),
});
export type CaseOrder = z.infer<typeof caseOrderSchema>;

/** From the case process: `ready` once, then one outcome for each order. */
export const caseAnswerSchema = z.discriminatedUnion('answer', [
  z.strictObject({ answer: z.literal('ready') }),
  z.strictObject({
    answer: z.literal('outcome'),
    state: z.enum(CASE_STATES),
    reason: z.string().optional(),
  }),
]);
export type CaseAnswer = z.infer<typeof caseAnswerSchema>;
