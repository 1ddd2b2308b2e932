import { Failure } from '../errors/failure.js';
import { sharedSignal } from '../s3/shared-signal.js';
import { crc32Base64 } from '../s3/payload.js';
import type { WriteResult } from '../s3/store.js';
import { tryPart, type TransferContext } from './context.js';
import { inFlight } from './tally.js';
import { uploadMultipart, type PieceSource, type UploadPiece } from './multipart.js';
import {
  connectionsOf,
  cutParts,
  S3_LIMITS,
  streamPartBytes,
  uploadConnectionsOf,
  uploadPartBytes,
} from './plan.js';
import type { TransferSource, UploadOptions, Verification } from './transporter.js';
import { serverVerification } from './integrity/verify-upload.js';
import { contentInMemory, streamedParts, wholeParts } from './part-content.js';
import { cutStream, openSource, type RandomSource } from './upload-source.js';

/** What an upload has sent, and what the server made of it. */
export interface UploadOutcome extends WriteResult {
  readonly sizeBytes: number;
  readonly verification: Verification;
}

/**
 * Uploads by the optimized way: one PutObject for what fits into one part, else a multipart upload with parts in
 * parallel. A stream is read only as far as there are permits, and destroyed when the upload fails.
 */
export async function uploadOptimized(
  context: TransferContext,
  key: string,
  source: TransferSource,
  options: UploadOptions,
): Promise<UploadOutcome> {
  if (source.kind === 'stream') return uploadStream(context, key, source, options);
  const opened = await openSource(source);
  try {
    const { sizeBytes } = opened;
    const partBytes = uploadPartBytes(sizeBytes, context.settings);
    const result =
      sizeBytes <= partBytes
        ? await putWhole(context, key, await opened.read(0, sizeBytes), options)
        : await uploadMultipart(context, key, piecesOf(context, opened, partBytes), options);
    return { ...result, sizeBytes };
  } finally {
    await opened.close();
  }
}

function piecesOf(
  { store, settings }: TransferContext,
  source: RandomSource,
  partBytes: number,
): PieceSource {
  const parts = cutParts(source.sizeBytes, partBytes);
  const connections = uploadConnectionsOf(settings);
  const whole = wholeParts(source);
  // What the first reply of a server tells may change the way of the parts after it.
  const takesStreams = (): boolean => store.takesStreams?.() === true;
  const streamed =
    source.file !== undefined && takesStreams() ? streamedParts(source.file, parts, connections) : whole;
  const left = parts.values();
  return {
    pieceBytes: partBytes,
    pieces: parts.length,
    connections,
    next() {
      const { value: part } = left.next();
      if (part === undefined) return Promise.resolve(undefined);
      const { index, sizeBytes } = part;
      return Promise.resolve({
        partNumber: index + 1,
        sizeBytes,
        read: () => (takesStreams() ? streamed : whole)(part),
      });
    },
    check: () => source.checkUnchanged(),
  };
}

async function uploadStream(
  context: TransferContext,
  key: string,
  source: Extract<TransferSource, { readonly kind: 'stream' }>,
  options: UploadOptions,
): Promise<UploadOutcome> {
  const { settings } = context;
  const { sizeBytes } = source;
  const knownBytes = sizeBytes === undefined ? undefined : uploadPartBytes(sizeBytes, settings);
  const partBytes = (index: number): number => knownBytes ?? streamPartBytes(index, settings);
  const reader = cutStream(source.stream, partBytes);
  try {
    const first = await nextChunk(reader, source, options.signal);
    if (first === undefined || first.byteLength < partBytes(0)) {
      const bytes = first ?? Buffer.alloc(0);
      checkLength(bytes.byteLength, source.sizeBytes, key);
      return { ...(await putWhole(context, key, bytes, options)), sizeBytes: bytes.byteLength };
    }
    const pieces = piecesOfStream(context, key, source, reader, first);
    const result = await uploadMultipart(context, key, pieces, options);
    return { ...result, sizeBytes: pieces.sentBytes() };
  } catch (reason) {
    source.stream.destroy();
    throw reason;
  }
}

function piecesOfStream(
  { settings }: TransferContext,
  key: string,
  source: Extract<TransferSource, { readonly kind: 'stream' }>,
  reader: AsyncGenerator<Buffer>,
  first: Buffer,
): PieceSource & { sentBytes(): number } {
  let partNumber = 0;
  let sentBytes = 0;
  let pending: Buffer | undefined = first;
  return {
    pieceBytes: first.byteLength,
    // More are not known, and a slow source does not fill more connections.
    pieces: 2,
    // Each is held in memory, whole.
    connections: connectionsOf(settings),
    sentBytes: () => sentBytes,
    async next(signal): Promise<UploadPiece | undefined> {
      const bytes = pending ?? (await nextChunk(reader, source, signal));
      pending = undefined;
      if (bytes === undefined) return undefined;
      partNumber += 1;
      if (partNumber > S3_LIMITS.maxParts) throw tooManyParts(key);
      sentBytes += bytes.byteLength;
      return { partNumber, sizeBytes: bytes.byteLength, read: () => Promise.resolve(contentInMemory(bytes)) };
    },
    check() {
      checkLength(sentBytes, source.sizeBytes, key);
      return Promise.resolve();
    },
  };
}

/** The next part of a stream; a fired signal destroys the stream, so a source that says nothing can be left. */
async function nextChunk(
  reader: AsyncGenerator<Buffer>,
  { stream }: Extract<TransferSource, { readonly kind: 'stream' }>,
  signal: AbortSignal | undefined,
): Promise<Buffer | undefined> {
  signal?.throwIfAborted();
  const onAbort = (): void => {
    stream.destroy();
  };
  sharedSignal(signal)?.addEventListener('abort', onAbort, { once: true });
  try {
    const { value } = (await reader.next()) as IteratorResult<Buffer, undefined>; // the generator returns nothing
    signal?.throwIfAborted();
    return value;
  } catch (reason) {
    signal?.throwIfAborted();
    throw reason;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

async function putWhole(
  context: TransferContext,
  key: string,
  bytes: Uint8Array,
  options: UploadOptions,
): Promise<WriteResult & { readonly verification: Verification }> {
  const { onProgress, ...rest } = options;
  const crc32 = crc32Base64(bytes);
  const put = { ...rest, crc32 };
  const result = await inFlight(context.tally, () =>
    tryPart(context, bytes.byteLength, options.signal, () => context.store.put(key, bytes, put)),
  );
  onProgress?.(bytes.byteLength);
  return { ...result, verification: serverVerification(result, crc32) };
}

function checkLength(sentBytes: number, expectedBytes: number | undefined, key: string): void {
  if (expectedBytes === undefined || expectedBytes === sentBytes) return;
  throw new Failure('short-body', `${key}: the stream gave ${sentBytes} of ${expectedBytes} bytes`, {
    subject: key,
  });
}

function tooManyParts(key: string): Failure {
  return new Failure('file-too-big', `${key}: the stream does not fit into 10,000 parts`, {
    subject: key,
    remedy: 'Raise transfer.chunkSize, or give the size of the stream',
  });
}
