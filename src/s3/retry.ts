import { createHash } from 'node:crypto';
import { Failure } from '../errors/failure.js';
import { isAmbiguous, retrying, type RetryPolicy } from './backoff.js';
import type { ObjectBody, ObjectStore, PutOptions, UploadedPart, WriteResult } from './store.js';

/** What a retrying store may be told beside its policy. */
export interface RetryStoreOptions {
  readonly policy?: Partial<RetryPolicy>;
  /** Called before each new try, for counting. */
  readonly onRetry?: (failure: Failure) => void;
}

/**
 * A store that tries transient failures again (decorrelated jitter, `Retry-After` honoured, bounded tries and time,
 * cancelled by the call's signal). Reads are retried up to their headers: a body that breaks belongs to its reader.
 * Bodies that are streams are sent once. A conditional write or a completion whose reply was lost is settled by
 * comparing ETags, so it never reports a lost race against itself.
 *
 * A retried `createUpload` whose first reply was lost can leave an empty upload: `listUploads` finds it.
 */
export function withRetry(store: ObjectStore, options: RetryStoreOptions = {}): ObjectStore {
  const { policy, onRetry } = options;
  const again = <T>(attempt: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
    retrying(attempt, { policy, signal, ...(onRetry === undefined ? {} : { onRetry }) });
  // A stream is used up by its first try.
  const send = <T>(
    body: ObjectBody,
    attempt: () => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> => (body instanceof Uint8Array ? again(attempt, signal) : attempt());
  return {
    bucket: store.bucket,
    head: (key, o) => again(() => store.head(key, o), o?.signal),
    get: (key, o) => again(() => store.get(key, o), o?.signal),
    tags: (key, o) => again(() => store.tags(key, o), o?.signal),
    put: (key, body, o) => send(body, settledPut(store, key, body, o), o?.signal),
    delete: (key, o) => again(() => store.delete(key, o), o?.signal),
    deleteMany: (keys, o) => again(() => store.deleteMany(keys, o), o?.signal),
    copy: (source, target, o) => again(() => store.copy(source, target, o), o?.signal),
    list: (o) => again(() => store.list(o), o?.signal),
    createUpload: (key, o) => again(() => store.createUpload(key, o), o?.signal),
    uploadPart: (key, id, part, body, o) =>
      send(body, () => store.uploadPart(key, id, part, body, o), o?.signal),
    copyPart: (key, id, part, o) => again(() => store.copyPart(key, id, part, o), o.signal),
    completeUpload: (key, id, parts, o) => again(settledComplete(store, key, id, parts, o), o?.signal),
    abortUpload: (key, id, o) => again(() => abortIfThere(store, key, id, o?.signal), o?.signal),
    listUploads: (prefix, o) => again(() => store.listUploads(prefix, o), o?.signal),
    close: () => {
      store.close();
    },
  };
}

/** Unconditional puts may be sent twice; a conditional one may meet what its own first try has written. */
function settledPut(store: ObjectStore, key: string, body: ObjectBody, options?: PutOptions) {
  const isConditional = options?.ifMatch !== undefined || options?.ifAbsent === true;
  const expected = (): string =>
    body instanceof Uint8Array ? `"${createHash('md5').update(body).digest('hex')}"` : '';
  const attempt = (): Promise<WriteResult> => store.put(key, body, options);
  return isConditional ? settle(store, key, attempt, expected, options.signal) : attempt;
}

/**
 * One try of `completeUpload` that knows of earlier tries: after a lost reply, "no such upload" or a failed condition
 * is checked against the object.
 */
export function settledComplete(
  store: ObjectStore,
  key: string,
  uploadId: string,
  parts: readonly UploadedPart[],
  options?: Parameters<ObjectStore['completeUpload']>[3],
): () => Promise<WriteResult> {
  const attempt = (): Promise<WriteResult> => store.completeUpload(key, uploadId, parts, options);
  return settle(store, key, attempt, () => multipartEtag(parts), options?.signal);
}

function settle(
  store: ObjectStore,
  key: string,
  attempt: () => Promise<WriteResult>,
  expectedEtag: () => string,
  signal: AbortSignal | undefined,
): () => Promise<WriteResult> {
  let isUnsure = false;
  return async () => {
    try {
      return await attempt();
    } catch (reason) {
      const failure = Failure.from(reason);
      const mayBeDone = failure.kind === 'missing-upload' || failure.kind === 'precondition-failed';
      if (isUnsure && mayBeDone) {
        const head = await store.head(key, signal === undefined ? {} : { signal });
        if (head.etag === expectedEtag()) return { etag: head.etag };
      }
      isUnsure ||= isAmbiguous(failure);
      throw failure;
    }
  };
}

/** The ETag that S3 gives a multipart object: MD5 over the parts' MD5 digests, and their number. */
export function multipartEtag(parts: readonly UploadedPart[]): string {
  const digests = parts.map((part) => Buffer.from(part.etag.replaceAll('"', ''), 'hex'));
  return `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${parts.length}"`;
}

/** Aborting what is gone is done. */
async function abortIfThere(
  store: ObjectStore,
  key: string,
  uploadId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await store.abortUpload(key, uploadId, signal === undefined ? {} : { signal });
  } catch (reason) {
    const failure = Failure.from(reason);
    if (failure.kind !== 'missing-upload') throw failure;
  }
}
