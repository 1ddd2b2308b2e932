import type { StorageClassRule } from './storage-class-rule-schema.js';
import type { StorageClass } from './storage-class.js';

const DAY_MS = 86_400_000;

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
