import type { ListedObject, ObjectHead } from '../../s3/store.js';
import { keptFacts, type KeptFacts } from '../metadata/kept.js';
import type { StoredObject } from '../nodes/node.js';

/**
 * What a listing tells of an object. Where all three agree with an earlier answer, it is the same version with the
 * same metadata: a copy onto itself keeps the ETag and changes Last-Modified.
 */
export type ListedFacts = Pick<ListedObject, 'etag' | 'sizeBytes' | 'lastModifiedMs'>;

/** A HEAD reply as the index keeps it, with the facts of the listing that it belongs to. */
export interface IndexedObject extends ListedFacts, KeptFacts {
  /** Of a symbolic link, where it is known. */
  readonly target?: string;
}

/** Whether two answers speak of the same version and metadata. */
export function agree(left: ListedFacts, right: ListedFacts): boolean {
  return (
    left.etag === right.etag &&
    left.sizeBytes === right.sizeBytes &&
    left.lastModifiedMs === right.lastModifiedMs
  );
}

/**
 * Whether a listing shows what we know of an object to be still true. Without a bound for its Last-Modified nothing
 * is: then only a HEAD can tell.
 */
export function confirms(facts: ListedFacts, object: StoredObject): boolean {
  const { etag, sizeBytes, modifiedByMs } = object;
  if (modifiedByMs === undefined || facts.lastModifiedMs > modifiedByMs) return false;
  return facts.etag === etag && facts.sizeBytes === sizeBytes;
}

/** An entry of the index in the shape of the HEAD reply that it stands for. */
export function headOf(key: string, indexed: IndexedObject): ObjectHead {
  const { etag, sizeBytes, lastModifiedMs } = indexed;
  return { key, etag, sizeBytes, lastModifiedMs, ...keptFacts(indexed) };
}
