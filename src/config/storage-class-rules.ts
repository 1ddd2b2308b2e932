import { z } from 'zod';
import { size } from './byte-count.js';
import { STORAGE_CLASSES, type StorageClass } from './storage-class.js';

const DAY_MS = 86_400_000;
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

/** What is known of an object before it is written. */
export interface ObjectFacts {
  readonly key: string;
  /** The object will not be smaller. */
  readonly leastBytes: number;
  /** Nor larger; `Infinity` for a stream of unknown length. */
  readonly mostBytes: number;
  /** Time since the last change of the local file; absent where there is none. */
  readonly ageMs?: number | undefined;
}

/** The class of the first rule that fits for certain, else the default. */
export function chooseStorageClass(
  settings: {
    readonly storageClass: StorageClass;
    readonly storageClassRules?: readonly StorageClassRule[] | undefined;
  },
  { key, leastBytes, mostBytes, ageMs = -Infinity }: ObjectFacts,
): StorageClass {
  const found = settings.storageClassRules?.find(
    ({ prefix = '', minSizeBytes = 0, maxSizeBytes = Infinity, minAgeDays }) =>
      key.startsWith(prefix) &&
      leastBytes >= minSizeBytes &&
      mostBytes <= maxSizeBytes &&
      (minAgeDays === undefined || ageMs >= minAgeDays * DAY_MS),
  );
  return found?.storageClass ?? settings.storageClass;
}

/** Text that is no JSON stays text, so that the schema names it in its message. */
function listFromText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown; // the schema looks at it
  } catch {
    return value;
  }
}
