import { Failure } from '../errors/failure.js';
import type { ObjectDescription, ObjectHead, WriteConditions, WriteResult } from '../s3/store.js';
import { monotonicMs } from './clock.js';
import type { Context } from './context.js';
import type { IndexedObject } from './index/facts.js';
import { keptFacts } from './metadata/kept.js';
import {
  METADATA_MAX_BYTES,
  metadataBytes,
  readPosix,
  withoutContentFacts,
  writePosix,
  type Posix,
} from './metadata/posix.js';
import type { Node, StoredObject } from './nodes/node.js';

/** Content-Type of directory markers, as s3fs writes it. */
export const DIRECTORY_CONTENT_TYPE = 'application/x-directory';

/** What a HEAD says, in the shape that nodes keep; `before` is what was known of the same key. */
export function storedFrom(head: ObjectHead, before?: StoredObject): StoredObject {
  const { etag, sizeBytes } = head;
  const modifiedByMs = boundOf(head, before);
  const object = { etag, sizeBytes, ...keptFacts(head) };
  return modifiedByMs === undefined ? object : { ...object, modifiedByMs };
}

/** What the attribute index says; its Last-Modified is that of a listing, and exact. */
export function storedFromIndex(indexed: IndexedObject): StoredObject {
  const { etag, sizeBytes, lastModifiedMs } = indexed;
  return { etag, sizeBytes, ...keptFacts(indexed), modifiedByMs: lastModifiedMs };
}

/**
 * The end of the second that Last-Modified names. Not where the server answered within that second: a copy of the
 * object onto itself could follow with other metadata, the same ETag and the same Last-Modified (git calls such entries
 * racily clean).
 */
function boundOf(head: ObjectHead, before: StoredObject | undefined): number | undefined {
  const secondMs = Math.floor(head.lastModifiedMs / 1000) * 1000;
  if (head.repliedAtMs !== undefined && head.repliedAtMs > secondMs) return secondMs + 999;
  const same = before?.etag === head.etag && sameMetadata(before.metadata, head.metadata);
  return same ? before.modifiedByMs : undefined;
}

/** POSIX attributes of an object; the mount's owner and Last-Modified where it names none. */
export function posixFrom(context: Context, head: ObjectHead, keyIsDirectory: boolean): Posix {
  const timeNs = BigInt(Math.trunc(head.lastModifiedMs)) * 1_000_000n;
  return readPosix(head.metadata, keyIsDirectory, { timeNs, ...context.owner });
}

/** HEAD, with `undefined` for an object that is not there. */
export async function headOrNothing(
  context: Context,
  key: string,
  signal?: AbortSignal,
): Promise<ObjectHead | undefined> {
  try {
    return await context.store.head(key, signal === undefined ? {} : { signal });
  } catch (error) {
    if (error instanceof Failure && error.kind === 'missing') return undefined;
    throw error;
  }
}

/** What to send with new bytes: POSIX attributes, and whatever the object said of itself before. */
export function describe(
  { mount }: Context,
  posix: Posix,
  object: StoredObject | undefined,
  newBytes: boolean,
): ObjectDescription {
  const kept = object?.metadata ?? {};
  const metadata = writePosix(posix, newBytes ? withoutContentFacts(kept) : kept, mount.metadataDialect);
  checkMetadata(metadata);
  if (object === undefined) return { metadata };
  const { headers, storageClass, encryption } = object;
  return { metadata, headers, storageClass, ...(encryption === undefined ? {} : { encryption }) };
}

/**
 * What S3 holds after a write of ours.
 *
 * @param copied - What was copied: its tags went along where the description has none.
 */
export function storedAfter(
  result: WriteResult,
  description: ObjectDescription,
  sizeBytes: number,
  copied?: StoredObject,
): StoredObject {
  const { encryption, tags } = description;
  const tagCount = tags === undefined ? copied?.tagCount : Object.keys(tags).length;
  return {
    etag: result.etag,
    sizeBytes,
    metadata: description.metadata ?? {},
    headers: description.headers ?? {},
    storageClass: description.storageClass ?? 'STANDARD',
    ...(encryption === undefined ? {} : { encryption }),
    ...(tagCount === undefined ? {} : { tagCount }),
    writtenAtMs: monotonicMs(),
    ...(result.modifiedByMs === undefined ? {} : { modifiedByMs: result.modifiedByMs }),
  };
}

/** Notes that S3 now holds what we wrote. */
export function noteWritten(node: Node, object: StoredObject): void {
  node.object = object;
  node.revision += 1;
  node.checkedAtMs = monotonicMs();
  if (node.kind !== 'directory' && node.parent !== undefined) node.parent.catalog.debt += 1;
}

/**
 * A small PUT that must not replace what another client made in between.
 *
 * @throws Failure `precondition-failed` where the key does not hold what was expected.
 */
export async function guardedPut(
  context: Context,
  key: string,
  body: Uint8Array,
  description: ObjectDescription,
  expected: StoredObject | undefined,
  signal?: AbortSignal,
): Promise<StoredObject> {
  const conditions = writeConditions(expected);
  const abort = signal === undefined ? {} : { signal };
  try {
    const result = await context.store.put(key, body, { ...description, ...conditions, ...abort });
    return storedAfter(result, description, body.length);
  } catch (error) {
    return await ownWrite(context, key, description, body.length, error);
  }
}

/** The condition for replacing `expected` and nothing else. */
export function writeConditions(expected: StoredObject | undefined): WriteConditions {
  return expected === undefined ? { ifAbsent: true } : { ifMatch: expected.etag };
}

/**
 * A write whose reply was lost and that was then sent again is refused by its own condition. It was ours where the
 * object carries exactly our metadata, which names the change to the nanosecond.
 *
 * @throws The error itself in every other case.
 */
export async function ownWrite(
  context: Context,
  key: string,
  description: ObjectDescription,
  sizeBytes: number,
  error: unknown,
): Promise<StoredObject> {
  const conflict = error instanceof Failure && ['precondition-failed', 'missing'].includes(error.kind);
  const head = conflict ? await headOrNothing(context, key) : undefined;
  if (head?.sizeBytes !== sizeBytes || !sameMetadata(head.metadata, description.metadata ?? {})) throw error;
  return storedFrom(head);
}

function sameMetadata(left: ObjectHead['metadata'], right: ObjectHead['metadata']): boolean {
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name]);
}

/** @throws Failure `no-space` where S3 would refuse the metadata for its length. */
function checkMetadata(metadata: ObjectHead['metadata']): void {
  const bytes = metadataBytes(metadata);
  if (bytes <= METADATA_MAX_BYTES) return;
  throw new Failure(
    'no-space',
    `The attributes take ${bytes} bytes; S3 allows ${METADATA_MAX_BYTES} per object`,
    {
      remedy: 'Remove extended attributes',
    },
  );
}
