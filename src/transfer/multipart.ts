import { Failure } from '../errors/failure.js';
import { settledComplete } from '../s3/retry.js';
import { isTransient, retrying } from '../s3/backoff.js';
import { sharedSignal } from '../s3/shared-signal.js';
import type { UploadedPart, WriteResult } from '../s3/store.js';
import { PART_RETRY, tryPart, type TransferContext } from './context.js';
import type { UploadOptions } from './transporter.js';
import { runWindowed } from './window.js';

/** A part's bytes with its place: what a source hands to an upload. */
export interface UploadPiece {
  /** From 1, as S3 counts. */
  readonly partNumber: number;
  readonly sizeBytes: number;
  /** Reads the bytes; called once, when the part has its permit. */
  read(): Promise<Uint8Array>;
}

/** Where the parts of one multipart upload come from. */
export interface PieceSource {
  /** Size of all pieces but the last; of the first ones, where they grow. */
  readonly pieceBytes: number;
  /** In order; `undefined` after the last. */
  next(signal: AbortSignal): Promise<UploadPiece | undefined>;
  /** Called before completion; throws where the bytes that were sent are not what was asked for. */
  check(): Promise<void>;
}

/** How long a cancelled transfer waits for a reply that it must know, to leave nothing behind. */
const GRACE_MS = 2_000;
/** The most that cleaning up after a failure may take. */
const CLEANUP_MS = 10_000;

/** Uploads all pieces as one multipart upload; after any failure the upload is aborted on the server. */
export async function uploadMultipart(
  context: TransferContext,
  key: string,
  source: PieceSource,
  options: UploadOptions,
): Promise<WriteResult> {
  const { signal } = options;
  context.tally.parts = 0;
  const uploadId = await beginUpload(context, key, options);
  try {
    signal?.throwIfAborted();
    const parts = await sendParts(context, key, uploadId, source, options);
    await source.check();
    const conditions = {
      ...(options.ifMatch === undefined ? {} : { ifMatch: options.ifMatch }),
      ...(options.ifAbsent === undefined ? {} : { ifAbsent: options.ifAbsent }),
      ...(signal === undefined ? {} : { signal }),
    };
    return await tryStep(context, signal, settledComplete(context.store, key, uploadId, parts, conditions));
  } catch (reason) {
    await abandon(context, key, uploadId);
    throw reason;
  }
}

/**
 * The reply carries the id without which the upload can not be aborted, so a cancel waits for it a little. An upload
 * whose creation got no reply at all stays on the server; `listUploads` finds it, and a lifecycle rule removes it.
 */
async function beginUpload(context: TransferContext, key: string, options: UploadOptions): Promise<string> {
  const { signal, metadata, headers, storageClass, encryption, tags } = options;
  const description = {
    ...(metadata === undefined ? {} : { metadata }),
    ...(headers === undefined ? {} : { headers }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(tags === undefined ? {} : { tags }),
  };
  signal?.throwIfAborted();
  const patience = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => {
      patience.abort();
    }, GRACE_MS);
  };
  sharedSignal(signal)?.addEventListener('abort', onAbort, { once: true });
  try {
    const create = () => context.store.createUpload(key, { ...description, signal: patience.signal });
    return await tryStep(context, signal, create);
  } finally {
    signal?.removeEventListener('abort', onAbort);
    clearTimeout(timer);
  }
}

async function sendParts(
  context: TransferContext,
  key: string,
  uploadId: string,
  source: PieceSource,
  { signal, onProgress }: UploadOptions,
): Promise<readonly UploadedPart[]> {
  const done: UploadedPart[] = [];
  let doneBytes = 0;
  await runWindowed<UploadPiece>(
    context,
    {
      next: (stop) => source.next(stop),
      pieceBytes: source.pieceBytes,
      async run(piece, stop, window) {
        const bytes = await piece.read();
        const { partNumber } = piece;
        const send = () => context.store.uploadPart(key, uploadId, partNumber, bytes, { signal: stop });
        done.push(await tryPart(context, piece.sizeBytes, stop, send, window));
        doneBytes += piece.sizeBytes;
        onProgress?.(doneBytes);
      },
    },
    signal,
  );
  context.tally.parts = done.length;
  return done.sort((a, b) => a.partNumber - b.partNumber);
}

/** Best effort: the failure that led here is the one to tell. */
async function abandon(context: TransferContext, key: string, uploadId: string): Promise<void> {
  const signal = AbortSignal.timeout(CLEANUP_MS);
  try {
    const abort = () => context.store.abortUpload(key, uploadId, { signal });
    await retrying(abort, { signal, policy: { ...PART_RETRY, ...context.policy } });
  } catch (reason) {
    const failure = Failure.from(reason);
    if (failure.kind === 'missing-upload') return;
    context.log.warn({ key, uploadId, kind: failure.kind }, 'a multipart upload could not be aborted');
  }
}

/** A request that is not a part: retried under the same budget, but it says nothing about the path. */
async function tryStep<T>(
  { tally, budget, policy }: TransferContext,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  return retrying(attempt, {
    signal,
    policy: { ...PART_RETRY, ...policy },
    isRetriable: (failure) => isTransient(failure) && budget.take(),
    onRetry: () => {
      tally.retries += 1;
    },
  });
}
