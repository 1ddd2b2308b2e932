import pLimit from 'p-limit';
import { Failure } from '../../errors/failure.js';
import type { ObjectDescription, UploadedPart, WriteConditions, WriteResult } from '../../s3/store.js';
import type { Context } from '../context.js';
import { abortUpload, beginUpload, completeUpload } from './multipart.js';

/** An object that is copied: the version with this ETag and no other. */
export interface CopySource {
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
  { key, etag, sizeBytes }: CopySource,
  targetKey: string,
  { replace, signal }: CopyWholeOptions = {},
): Promise<WriteResult> {
  const abort = signal === undefined ? {} : { signal };
  const { copyMaxBytes, copyPartBytes } = context.partLimits;
  if (sizeBytes <= copyMaxBytes) {
    const replaced = replace === undefined ? {} : { replace };
    return await context.store.copy(key, targetKey, { sourceIfMatch: etag, ...replaced, ...abort });
  }
  const description = replace ?? (await describeSource(context, key, etag, signal));
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

async function describeSource(
  context: Context,
  key: string,
  etag: string,
  signal: AbortSignal | undefined,
): Promise<ObjectDescription> {
  const head = await context.store.head(key, signal === undefined ? {} : { signal });
  if (head.etag !== etag) throw new Failure('precondition-failed', `${key} was replaced`, { subject: key });
  return { metadata: head.metadata, headers: head.headers, storageClass: head.storageClass };
}
