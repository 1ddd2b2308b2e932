import { deadline } from '../errors/deadline.js';
import { Failure } from '../errors/failure.js';
import { combineChecksums } from '../s3/checksums/combine.js';
import { uploadCreation } from '../s3/lost-creations.js';
import { settledComplete } from '../s3/retry.js';
import { isTransient, retrying } from '../s3/backoff.js';
import { sharedSignal } from '../s3/shared-signal.js';
import type { WriteResult } from '../s3/store.js';
import { PART_RETRY, tryPart, type TransferContext } from './context.js';
import type { SentPart, UploadJournal } from './journal/upload-journal.js';
import type { UploadOptions, Verification } from './transporter.js';
import type { PartContent } from './part-content.js';
import { serverVerification } from './integrity/verify-upload.js';
import { runWindowed } from './window.js';

/** A part's bytes with its place: what a source hands to an upload. */
export interface UploadPiece {
  /** From 1, as S3 counts. */
  readonly partNumber: number;
  readonly sizeBytes: number;
  /** Called once, when the part has its permit. */
  read(): Promise<PartContent>;
}

/** Where the parts of one multipart upload come from. */
export interface PieceSource {
  /** Size of all pieces but the last; of the first ones, where they grow. */
  readonly pieceBytes: number;
  /** How many there will be, at least. */
  readonly pieces: number;
  /** How many are sent at one time, at most. */
  readonly connections: number;
  /** In order; `undefined` after the last. */
  next(signal: AbortSignal): Promise<UploadPiece | undefined>;
  /** Called before completion; throws where the bytes that were sent are not what was asked for. */
  check(): Promise<void>;
}

/** How long a cancelled transfer waits for a reply that it must know, to leave nothing behind. */
const GRACE_MS = 2_000;
/** The most that cleaning up after a failure may take. */
const CLEANUP_MS = 10_000;

/**
 * Uploads all pieces as one multipart upload; after any failure the upload is aborted on the server, but for one that a
 * journal remembers.
 */
export async function uploadMultipart(
  context: TransferContext,
  key: string,
  source: PieceSource,
  options: UploadOptions,
): Promise<WriteResult & { readonly verification: Verification }> {
  const { signal, journal } = options;
  context.tally.parts = 0;
  // Handshakes while the store makes the upload; that request takes one of them.
  context.store.warm?.(Math.min(source.connections, source.pieces));
  const uploadId = journal?.uploadId ?? (await beginUpload(context, key, options));
  if (journal !== undefined && journal.uploadId === undefined) await journal.begin(uploadId);
  try {
    signal?.throwIfAborted();
    const parts = await sendParts(context, key, uploadId, source, options);
    await source.check();
    const conditions = {
      ...(options.ifMatch === undefined ? {} : { ifMatch: options.ifMatch }),
      ...(options.ifAbsent === undefined ? {} : { ifAbsent: options.ifAbsent }),
      ...(signal === undefined ? {} : { signal }),
    };
    const crc32 = crc32OfAll(parts);
    const complete = settledComplete(context.store, key, uploadId, parts, {
      ...conditions,
      ...(crc32 === undefined ? {} : { crc32 }),
    });
    const result = await tryStep(context, signal, complete);
    return { ...result, verification: serverVerification(result, crc32) };
  } catch (reason) {
    if (journal === undefined) await abandonUpload(context, key, uploadId);
    throw reason;
  }
}

/** The CRC32 of the whole follows from those of its parts; `undefined` where one of them is not known. */
function crc32OfAll(parts: readonly SentPart[]): string | undefined {
  const known = parts.flatMap(({ crc32, sizeBytes }) =>
    crc32 === undefined ? [] : [{ value: crc32, sizeBytes }],
  );
  if (known.length < parts.length) return undefined;
  return combineChecksums('CRC32', 'FULL_OBJECT', known).value;
}

/** The reply carries the id without which the upload can not be aborted, so a cancel waits for it a little. */
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
  const creation = uploadCreation(context.store, key, { ...description, signal: patience.signal });
  let uploadId: string | undefined;
  try {
    uploadId = await tryStep(context, signal, creation.attempt);
    return uploadId;
  } finally {
    const left = await creation.settle(uploadId);
    if (left.length > 0)
      context.log.warn({ key, left }, 'a multipart upload whose reply was lost may be left');
    signal?.removeEventListener('abort', onAbort);
    clearTimeout(timer);
  }
}

async function sendParts(
  context: TransferContext,
  key: string,
  uploadId: string,
  source: PieceSource,
  { signal, onProgress, journal }: UploadOptions,
): Promise<readonly SentPart[]> {
  const done: SentPart[] = [];
  let doneBytes = 0;
  const onSent = (sent: SentPart): void => {
    done.push(sent);
    doneBytes += sent.sizeBytes;
    context.tally.resumedBytes += sent.sizeBytes;
  };
  await runWindowed<UploadPiece>(
    context,
    {
      next: (stop) => nextUnsent(source, journal, stop, onSent),
      pieceBytes: source.pieceBytes,
      connections: source.connections,
      async run(piece, stop, window) {
        const { partNumber, sizeBytes } = piece;
        const { crc32, body, release } = await piece.read();
        const before = context.tally.retries;
        const options = { signal: stop, crc32, sizeBytes };
        const send = () => context.store.uploadPart(key, uploadId, partNumber, body(), options);
        const { etag } = await tryPart(context, sizeBytes, stop, send, window);
        if (context.tally.retries === before) release();
        const sent = { partNumber, etag, crc32, sizeBytes };
        done.push(sent);
        await journal?.add(sent);
        doneBytes += sizeBytes;
        onProgress?.(doneBytes);
      },
    },
    signal,
  );
  context.tally.parts = done.length;
  return done.sort((a, b) => a.partNumber - b.partNumber);
}

/** The next piece that the journal does not hold. */
async function nextUnsent(
  source: PieceSource,
  journal: UploadJournal | undefined,
  stop: AbortSignal,
  onSent: (part: SentPart) => void,
): Promise<UploadPiece | undefined> {
  for (;;) {
    const piece = await source.next(stop);
    const sent = piece === undefined ? undefined : journal?.parts.get(piece.partNumber);
    if (sent === undefined || sent.sizeBytes !== piece?.sizeBytes) return piece;
    onSent(sent);
  }
}

/** Best effort: the failure that led here is the one to tell. */
export async function abandonUpload(
  context: Pick<TransferContext, 'store' | 'policy' | 'log'>,
  key: string,
  uploadId: string,
): Promise<void> {
  const signal = deadline(CLEANUP_MS);
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
    isRetriable: (failure) => isTransient(failure) && budget.take(failure),
    onRetry: () => {
      tally.retries += 1;
    },
  });
}
