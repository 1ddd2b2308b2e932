import { z } from 'zod';
import { size } from './byte-count.js';
import { STORAGE_CLASSES } from './storage-class.js';

/** The largest object that 10,000 parts of 5 GiB hold. */
const MOST_BYTES = 10_000 * 5 * 2 ** 30;

const rule = z
  .strictObject({
    /** Keys that start with it. */
    prefix: z.string().optional(),
    minSizeBytes: size(0, MOST_BYTES).optional(),
    maxSizeBytes: size(0, MOST_BYTES).optional(),
    /** Days since the last change of the local file. */
    minAgeDays: z.number().nonnegative().optional(),
    storageClass: z.enum(STORAGE_CLASSES),
  })
  .refine(({ minSizeBytes = 0, maxSizeBytes = Infinity }) => minSizeBytes <= maxSizeBytes, {
    error: 'minSizeBytes is above maxSizeBytes: no object fits',
  });

/** A list of rules, or such a list as JSON text (an environment variable holds no list). */
export const storageClassRules = z.preprocess(listFromText, z.array(rule).max(1000));

export type StorageClassRule = z.infer<typeof rule>;

/** Text that is no JSON stays text, so that the schema names it in its message. */
function listFromText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown; // the schema looks at it
  } catch {
    return value;
  }
}
