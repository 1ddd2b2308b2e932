import { Failure } from '../errors/failure.js';
import type { ByteRange, ObjectHead, ObjectRead } from '../s3/store.js';
import type { TransferContext } from './context.js';
import type { Part } from './plan.js';

/** The one version of the object that all parts must come from. */
export interface Pin {
  readonly etag: string;
  readonly sizeBytes: number;
}

/** Asks for one part of the pinned version. */
export async function openPart(
  { store }: TransferContext,
  key: string,
  part: Part,
  pin: Pin,
  signal: AbortSignal | undefined,
): Promise<ObjectRead> {
  const range = { firstByte: part.firstByte, lastByte: part.lastByte };
  const stop = signal === undefined ? {} : { signal };
  const read = await store.get(key, { range, ifMatch: pin.etag, ...stop }).catch((reason: unknown) => {
    throw pinnedFailure(Failure.from(reason), key, pin.etag);
  });
  try {
    checkPinned(read.head, key, pin);
    const sent = read.range;
    if (sent?.firstByte !== range.firstByte || sent.lastByte !== range.lastByte)
      throw wrongRange(key, range, read);
    return read;
  } catch (reason) {
    read.body.destroy();
    throw reason;
  }
}

/** A server may ignore If-Match; its reply still says which version it sends. */
export function checkPinned(head: ObjectHead, key: string, pin: Pin): void {
  if (head.etag !== pin.etag || head.sizeBytes !== pin.sizeBytes) throw changedUnderUs(key, undefined);
}

/** A refused If-Match means here that somebody replaced the object. */
export function pinnedFailure(failure: Failure, key: string, etag: string | undefined): Failure {
  if (failure.kind !== 'precondition-failed' || etag === undefined) return failure;
  return changedUnderUs(key, failure);
}

function changedUnderUs(key: string, cause: Failure | undefined): Failure {
  return new Failure('changed-under-us', `${key} was replaced by another version`, {
    subject: key,
    remedy: 'Download it again',
    ...(cause === undefined ? {} : { cause }),
  });
}

export function wrongRange(key: string, wanted: ByteRange, read: ObjectRead): Failure {
  const sent =
    read.range === undefined ? 'the whole object' : `${read.range.firstByte}-${read.range.lastByte}`;
  const text = `${key}: asked for bytes ${wanted.firstByte}-${wanted.lastByte}, the server sends ${sent}`;
  return new Failure('server-error', text, { subject: key });
}
