import { quotedEtag } from '../etags.js';
import type { CopyOptions, ObjectStore, WriteConditions } from '../store.js';

type Condition = keyof WriteConditions | keyof Pick<CopyOptions, 'sourceIfMatch'>;

/**
 * What a server looks like that ignores conditions of writes and copies, as servers do with headers that they do not
 * know: the conditions never reach the server behind it.
 */
export function deafStore(store: ObjectStore): ObjectStore {
  return {
    ...store,
    put: (key, body, options = {}) => store.put(key, body, unconditional(options)),
    completeUpload: (key, uploadId, parts, options = {}) =>
      store.completeUpload(key, uploadId, parts, unconditional(options)),
    copy: (sourceKey, targetKey, options = {}) => store.copy(sourceKey, targetKey, unconditional(options)),
    copyPart: (key, uploadId, partNumber, options) =>
      store.copyPart(key, uploadId, partNumber, unconditional(options)),
  };
}

/** Ceph RGW 16.2: `If-Match` of PutObject holds for a tag without quotes only; the rest is ignored but for creation. */
export function rgwLikeStore(store: ObjectStore): ObjectStore {
  return {
    ...deafStore(store),
    put: (key, body, options = {}) => {
      const { ifMatch } = options;
      if (ifMatch === undefined) return store.put(key, body, options);
      const asCompared = ifMatch.startsWith('"') ? `"quoted ${ifMatch.slice(1)}` : quotedEtag(ifMatch);
      return store.put(key, body, { ...options, ifMatch: asCompared });
    },
  };
}

function unconditional<Options extends object>(options: Options): Options {
  const conditions: readonly string[] = ['ifMatch', 'ifAbsent', 'sourceIfMatch'] satisfies Condition[];
  const kept = Object.entries(options).filter(([name]) => !conditions.includes(name));
  return Object.fromEntries(kept) as Options; // every condition is optional
}
