import { createHash, randomUUID } from 'node:crypto';
import { Failure } from '../errors/failure.js';
import { bareEtag } from './etags.js';
import type { Cancellable, ObjectStore } from './store.js';

const BODY = Buffer.from('objectfs probe');
/** Of no content that anyone has. */
const WRONG_ETAG = '"00000000000000000000000000000000"';

/** What a store was found to do when tried. */
export interface StoreCapabilities {
  /** `If-None-Match: *` on PutObject refuses to replace. */
  readonly conditionalCreate: boolean;
  /**
   * `If-Match` on PutObject refuses where the ETag is another, and lets the right one pass: with its quotes, as S3 has
   * it, or without them only (Ceph RGW 16.2). `none`: it can not be used.
   */
  readonly conditionalReplace: 'quoted' | 'bare' | 'none';
  /** `If-Match` on GetObject refuses where the ETag is another. */
  readonly conditionalGet: boolean;
  readonly multipart: boolean;
  /** `If-None-Match: *` and `If-Match` on CompleteMultipartUpload refuse to replace; both are taken for one ability. */
  readonly conditionalComplete: boolean;
  readonly copy: boolean;
  /** `x-amz-copy-source-if-match` refuses where the ETag is another. */
  readonly conditionalCopy: boolean;
  readonly batchDelete: boolean;
  /** The ETag of what one PutObject stored is the MD5 of its bytes. Not so where the bucket encrypts by KMS. */
  readonly etagIsMd5: boolean;
  /** It tells the checksum of what it stores. */
  readonly keepsChecksums: boolean;
}

/**
 * Finds by trying what a store can do, because servers differ and a header that is not known is not refused but
 * ignored. Works on objects of its own under `prefix` and removes them, also after a failure.
 *
 * @param prefix - a folder of the bucket where the probe may write. @defaultValue `.objectfs/probe/`
 * @throws Failure where the bucket can not be written at all.
 */
export async function probeStore(
  store: ObjectStore,
  prefix = '.objectfs/probe/',
  options: Cancellable = {},
): Promise<StoreCapabilities> {
  const key = `${prefix}${randomUUID()}`;
  const copyKey = `${key}-copy`;
  const wrong = { ifMatch: WRONG_ETAG };
  try {
    const { etag, checksum } = await store.put(key, BODY, options);
    return {
      conditionalCreate: await isRefused(store.put(key, BODY, { ...options, ifAbsent: true })),
      conditionalReplace: await probeReplace(store, key, etag, options),
      conditionalGet: await isRefused(readAll(store, key, { ...options, ...wrong })),
      ...(await probeMultipart(store, key, options)),
      copy: await works(store.copy(key, copyKey, options)),
      conditionalCopy: await isRefused(
        store.copy(key, copyKey, { ...options, sourceIfMatch: wrong.ifMatch }),
      ),
      batchDelete: await works(store.deleteMany([copyKey], options)),
      etagIsMd5: bareEtag(etag).toLowerCase() === createHash('md5').update(BODY).digest('hex'),
      keepsChecksums: checksum !== undefined,
    };
  } finally {
    // Best effort and without the signal: what is left behind is named by the prefix.
    await Promise.allSettled([store.delete(key), store.delete(copyKey)]);
  }
}

/** The body is the same each time, so the ETag stays. */
async function probeReplace(
  store: ObjectStore,
  key: string,
  etag: string,
  options: Cancellable,
): Promise<StoreCapabilities['conditionalReplace']> {
  const replace = (ifMatch: string) => store.put(key, BODY, { ...options, ifMatch });
  if (!(await isRefused(replace(WRONG_ETAG)))) return 'none';
  if (await works(replace(etag))) return 'quoted';
  // The wrong one is asked for again: without its quotes it may not be taken for a condition at all.
  const isUsable = (await isRefused(replace(bareEtag(WRONG_ETAG)))) && (await works(replace(bareEtag(etag))));
  return isUsable ? 'bare' : 'none';
}

async function probeMultipart(
  store: ObjectStore,
  key: string,
  options: Cancellable,
): Promise<Pick<StoreCapabilities, 'multipart' | 'conditionalComplete'>> {
  const upload = async (isConditional: boolean): Promise<void> => {
    const uploadId = await store.createUpload(key, options);
    try {
      const part = await store.uploadPart(key, uploadId, 1, Buffer.from('part'), options);
      await store.completeUpload(key, uploadId, [part], { ...options, ifAbsent: isConditional });
    } catch (reason) {
      await store.abortUpload(key, uploadId).catch(() => undefined);
      throw reason;
    }
  };
  const multipart = await works(upload(false));
  return { multipart, conditionalComplete: multipart && (await isRefused(upload(true))) };
}

async function readAll(store: ObjectStore, key: string, options: Parameters<ObjectStore['get']>[1]) {
  const { body } = await store.get(key, options);
  await body.toArray();
}

/** The condition was looked at: the reply is 412. */
async function isRefused(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return false;
  } catch (reason) {
    return noteOrThrow(reason) === 'precondition-failed';
  }
}

async function works(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (reason) {
    noteOrThrow(reason);
    return false;
  }
}

/** A server that is away, busy or forbids says nothing about what it can do. */
function noteOrThrow(reason: unknown): Failure['kind'] {
  const failure = Failure.from(reason);
  const says = ['precondition-failed', 'unsupported', 'invalid-request', 'server-error', 'missing'];
  if (!says.includes(failure.kind)) throw failure;
  return failure.kind;
}
