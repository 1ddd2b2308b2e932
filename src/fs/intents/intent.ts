import { z } from 'zod';
import { ownerSchema } from './owner.js';

const prefix = z.string().endsWith('/');

const exchangeEndSchema = z.object({
  /** Keys that the name has as a file and as a directory. */
  file: z.string(),
  folder: prefix,
  /** What it was before. */
  isDirectory: z.boolean(),
});
export type ExchangeEnd = z.infer<typeof exchangeEndSchema>;

/** What is about to happen, with all that is needed to finish it or to take it back. Keys are whole keys. */
const operationSchema = z.discriminatedUnion('operation', [
  z.object({
    operation: z.literal('rename-directory'),
    from: prefix,
    to: prefix,
    /** Link groups that have names in the tree. */
    links: z.array(z.string()).readonly().default([]),
  }),
  z.object({
    operation: z.literal('rename-file'),
    from: z.string(),
    to: z.string(),
    /** ETag of what is to go from the old name. */
    fromEtag: z.string(),
    /** The change time that the new name's object will bear: by that it is known. */
    ctime: z.string(),
    links: z.array(z.string()).readonly(),
  }),
  z.object({
    operation: z.literal('exchange'),
    one: exchangeEndSchema,
    other: exchangeEndSchema,
    /** Where both lie meanwhile. */
    temporary: prefix,
    /**
     * `saving`: is taken back. `saved`: both lie at the temporary place, from where the exchange is finished.
     * `applied`: only the temporary place is left to be removed.
     */
    state: z.enum(['saving', 'saved', 'applied']),
    links: z.array(z.string()).readonly(),
  }),
  z.object({ operation: z.literal('link'), id: z.string(), names: z.array(z.string()).readonly() }),
  z.object({ operation: z.literal('update-links'), id: z.string() }),
]);
export type Operation = z.infer<typeof operationSchema>;
export type OperationOf<K extends Operation['operation']> = Extract<Operation, { operation: K }>;

export const intentSchema = z.object({
  version: z.literal(1),
  /** Absent in records of a version that had none: nobody is at work on them. */
  owner: ownerSchema.optional(),
  /** Grows while the owner is at work, so that the record changes. */
  beat: z.number().default(0),
  intent: operationSchema,
});
export type Intent = z.infer<typeof intentSchema>;
