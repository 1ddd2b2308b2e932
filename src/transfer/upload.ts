import { Failure } from '../errors/failure.js';
import { sharedSignal } from '../s3/shared-signal.js';
import type { WriteResult } from '../s3/store.js';
import { planFor, tryPart, type TransferContext } from './context.js';
import { inFlight } from './tally.js';
import { uploadMultipart, type PieceSource, type UploadPiece } from './multipart.js';
import {
  connectionsOf,
  cutParts,
  S3_LIMITS,
  streamPartBytes,
  uploadConnectionsOf,
  uploadPartBytes,
  type Part,
} from './plan.js';
import type { TransferSource, UploadOptions, Verification } from './transporter.js';
import { serverVerification } from './integrity/verify-upload.js';
import {
  contentInMemory,
  streamedParts,
  wholeParts,
  type PartContent,
  type PartReader,
} from './part-content.js';
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
    const parts = cutParts(sizeBytes, uploadPartBytes(sizeBytes, planFor(context, options)));
    const [only, ...others] = parts;
    const read = partReader(context, opened, parts);
    const result =
      only !== undefined && others.length === 0
        ? await putWhole(context, key, sizeBytes, await read(only), options)
        : await uploadMultipart(context, key, piecesOf(context, parts, read, opened), options);
    return { ...result, sizeBytes };
  } catch (reason) {
    // A file that changed between two readings does not fit the sum of the first.
    if (Failure.from(reason).kind === 'bad-checksum') await opened.checkUnchanged();
    throw reason;
  } finally {
    await opened.close();
  }
}

/** A stream costs a second reading and a few turns of the event loop: more than the memory of less than that. */
const LEAST_STREAMED_BYTES = 4 * 2 ** 20;

/** How the parts of this source are read for this store. */
function partReader(
  { store, settings }: TransferContext,
  source: RandomSource,
  parts: readonly Part[],
): PartReader {
  const whole = wholeParts(source);
  // What the first reply of a server tells may change the way of the parts after it.
  const takesStreams = (): boolean => store.takesStreams?.() === true;
  const { file, sizeBytes } = source;
  if (file === undefined || sizeBytes < LEAST_STREAMED_BYTES || !takesStreams()) return whole;
  const streamed = streamedParts(file, parts, uploadConnectionsOf(settings));
  return (part) => (takesStreams() ? streamed : whole)(part);
}

function piecesOf(
  { settings }: TransferContext,
  parts: readonly Part[],
  read: PartReader,
  source: RandomSource,
): PieceSource {
  const left = parts.values();
  return {
    pieceBytes: parts[0]?.sizeBytes ?? 0,
    pieces: parts.length,
    connections: uploadConnectionsOf(settings),
    next() {
      const { value: part } = left.next();
      if (part === undefined) return Promise.resolve(undefined);
      const { index, sizeBytes } = part;
      return Promise.resolve({
        partNumber: index + 1,
        sizeBytes,
        read: () => read(part),
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
      const { byteLength } = bytes;
      const result = await putWhole(context, key, byteLength, contentInMemory(bytes), options);
      return { ...result, sizeBytes: byteLength };
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
  sizeBytes: number,
  content: PartContent,
  options: UploadOptions,
): Promise<WriteResult & { readonly verification: Verification }> {
  const { onProgress, ...rest } = options;
  const { crc32 } = content;
  const put = { ...rest, crc32, sizeBytes };
  const result = await inFlight(context.tally, () =>
    tryPart(context, sizeBytes, options.signal, () => context.store.put(key, content.body(), put)),
  );
  onProgress?.(sizeBytes);
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
