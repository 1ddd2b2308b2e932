import pLimit from 'p-limit';
import { Failure } from '../../errors/failure.js';
import type { ObjectDescription, UploadedPart, WriteConditions, WriteResult } from '../../s3/store.js';
import type { Context } from '../context.js';
import type { KeptFacts } from '../metadata/kept.js';
import { abortUpload, beginUpload, completeUpload } from './multipart.js';

/** An object that is copied: the version with this ETag and no other; storage class and encryption are kept where known. */
export interface CopySource extends Partial<Pick<KeptFacts, 'storageClass' | 'encryption' | 'tagCount'>> {
  readonly key: string;
  readonly etag: string;
  readonly sizeBytes: number;
}

export interface CopyWholeOptions {
  /** What the copy says of itself. @defaultValue what the source says */
  readonly replace?: ObjectDescription;
  readonly signal?: AbortSignal;
}

/**
 * Copies an object on the server: in one request up to 5 GiB, in parts above.
 *
 * @throws Failure `precondition-failed` or `missing` where the source is no longer that version.
 */
export async function copyWhole(
  context: Context,
  source: CopySource,
  targetKey: string,
  { replace, signal }: CopyWholeOptions = {},
): Promise<WriteResult> {
  const { key, etag, sizeBytes, storageClass, encryption } = source;
  const abort = signal === undefined ? {} : { signal };
  const { copyMaxBytes, copyPartBytes } = context.partLimits;
  if (sizeBytes <= copyMaxBytes) {
    const storage = {
      ...(storageClass === undefined ? {} : { storageClass }),
      ...(encryption === undefined ? {} : { encryption }),
    };
    const how = replace === undefined ? { storage } : { replace };
    return await context.store.copy(key, targetKey, { sourceIfMatch: etag, ...how, ...abort });
  }
  const description = await describeParts(context, source, replace, abort);
  const partBytes = Math.max(copyPartBytes, Math.ceil(sizeBytes / context.partLimits.maxParts));
  const count = Math.ceil(sizeBytes / partBytes);
  const sendPart: SendPart = async (upload, partNumber, stop) => {
    const firstByte = (partNumber - 1) * partBytes;
    const range = { firstByte, lastByte: Math.min(firstByte + partBytes, sizeBytes) - 1 };
    const options = { sourceKey: key, range, sourceIfMatch: etag, signal: stop };
    return await context.store.copyPart(targetKey, upload, partNumber, options);
  };
  // A copy onto itself must not replace what somebody else has put there since.
  const conditions = key === targetKey ? { ifMatch: etag } : {};
  return await assemble(context, targetKey, description, count, sendPart, { ...conditions, ...abort });
}

/** Sends or copies one part of an upload; parts count from 1. */
export type SendPart = (uploadId: string, partNumber: number, signal: AbortSignal) => Promise<UploadedPart>;

/** Runs the request that makes the object, and whatever must happen at the same time. */
export type Commit = (complete: () => Promise<WriteResult>) => Promise<WriteResult>;

/** Makes an object of `count` parts, some at a time; after any failure nothing of it stays on the server. */
export async function assemble(
  context: Context,
  key: string,
  description: ObjectDescription,
  count: number,
  sendPart: SendPart,
  options: WriteConditions & { readonly signal?: AbortSignal },
  commit: Commit = (complete) => complete(),
): Promise<WriteResult> {
  const upload = await beginUpload(context, key, description, options.signal);
  try {
    const parts = await sendAll(context, upload.uploadId, count, sendPart, options.signal);
    return await commit(() => completeUpload(context, upload, parts, options));
  } catch (error) {
    await abortUpload(context, upload);
    throw error;
  }
}

async function sendAll(
  context: Context,
  uploadId: string,
  count: number,
  sendPart: SendPart,
  signal: AbortSignal | undefined,
): Promise<UploadedPart[]> {
  const stop = new AbortController();
  const all = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const limit = pLimit(context.partConnections);
  const running = Array.from({ length: count }, (_none, index) =>
    limit(async () => {
      all.throwIfAborted();
      return await sendPart(uploadId, index + 1, all);
    }),
  );
  try {
    return await Promise.all(running);
  } catch (error) {
    stop.abort();
    await Promise.allSettled(running);
    throw error;
  }
}

/** An upload in parts takes nothing over from its source by itself. */
async function describeParts(
  context: Context,
  { key, etag, tagCount }: CopySource,
  replace: ObjectDescription | undefined,
  abort: { readonly signal?: AbortSignal },
): Promise<ObjectDescription> {
  const head = replace === undefined ? await context.store.head(key, abort) : undefined;
  if (head !== undefined && head.etag !== etag) {
    throw new Failure('precondition-failed', `${key} was replaced`, { subject: key });
  }
  const { metadata, headers, storageClass, encryption } = { ...head, ...replace };
  const count = head === undefined ? tagCount : head.tagCount;
  return {
    ...(metadata === undefined ? {} : { metadata }),
    ...(headers === undefined ? {} : { headers }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(count === undefined ? {} : { tags: await context.store.tags(key, abort) }),
  };
}
