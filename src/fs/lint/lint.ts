import pLimit from 'p-limit';
import { Failure } from '../../errors/failure.js';
import type { ListedObject, ObjectStore } from '../../s3/store.js';
import { RESERVED_NAME } from '../names.js';
import type { Finding } from './finding.js';
import { KeyRules } from './keys.js';
import { metadataFindings } from './metadata.js';

const HEADS_AT_A_TIME = 16;

export interface LintOptions {
  /** Empty, or ends with `/`: what would be mounted. */
  readonly prefix: string;
  /** Leaves out the rules that need a HEAD of each object. */
  readonly keysOnly: boolean;
  readonly signal: AbortSignal;
  readonly onFinding: (finding: Finding) => void;
}

/**
 * Looks at every object below a prefix, a page at a time.
 *
 * @returns How many objects there are.
 * @throws Failure of the store.
 */
export async function lint(store: ObjectStore, options: LintOptions): Promise<number> {
  const { prefix, keysOnly, signal, onFinding } = options;
  const rules = new KeyRules();
  let objects = 0;
  let token: string | undefined;
  do {
    const more = token === undefined ? {} : { continuationToken: token };
    const page = await store.list({ prefix, signal, ...more });
    const shown = page.objects.filter(({ key }) => !key.startsWith(`${prefix}${RESERVED_NAME}/`));
    for (const { key, sizeBytes } of shown) {
      rules.check({ key, path: key.slice(prefix.length), sizeBytes }).forEach(onFinding);
    }
    if (!keysOnly) (await ofMetadata(store, shown, signal)).forEach(onFinding);
    objects += shown.length;
    token = page.continuationToken;
  } while (token !== undefined);
  return objects;
}

async function ofMetadata(
  store: ObjectStore,
  objects: readonly ListedObject[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const limit = pLimit(HEADS_AT_A_TIME);
  const one = async ({ key }: ListedObject): Promise<Finding[]> => {
    try {
      return metadataFindings(key, (await store.head(key, { signal })).metadata);
    } catch (error) {
      // Removed since it was listed.
      if (Failure.from(error).kind === 'missing') return [];
      throw error;
    }
  };
  return (await Promise.all(objects.map((object) => limit(() => one(object))))).flat();
}
