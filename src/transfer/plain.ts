import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Failure } from '../errors/failure.js';
import { isTransient, retrying } from '../s3/backoff.js';
import type { BodyOptions, WriteResult } from '../s3/store.js';
import type { TransferContext } from './context.js';
import { inFlight } from './tally.js';
import type { Received } from './download.js';
import { checkPinned, pinnedFailure, type Pin } from './pinned.js';
import { verifyWhole } from './integrity/verification.js';
import { onLocalFile } from './local-files.js';
import type { PartSink } from './sinks.js';
import type { DownloadOptions, TransferSource, UploadOptions } from './transporter.js';

/** Tries of a plain transfer: those that the AWS SDK makes by default. */
const PLAIN_ATTEMPTS = 3;

/** One PutObject. A file is read from its start for each try; a stream is sent once and must tell its size. */
export async function uploadPlain(
  context: TransferContext,
  key: string,
  source: TransferSource,
  options: UploadOptions & Pick<BodyOptions, 'crc32'>,
): Promise<WriteResult & { readonly sizeBytes: number }> {
  const { onProgress, ...put } = options;
  const sizeBytes = await sizeOf(source);
  const attempt = async (): Promise<WriteResult> => {
    await context.pacer?.take(sizeBytes, options.signal);
    if (source.kind === 'bytes') return context.store.put(key, source.bytes, put);
    if (sizeBytes === 0) return context.store.put(key, Buffer.alloc(0), put);
    // A file that grows meanwhile is sent as long as it was; one that shrinks ends the request as too short.
    const body =
      source.kind === 'file' ? createReadStream(source.path, { end: sizeBytes - 1 }) : source.stream;
    return context.store.put(key, body, { ...put, sizeBytes });
  };
  const attempts = source.kind === 'stream' ? 1 : PLAIN_ATTEMPTS;
  const result = await inFlight(context.tally, () => plainTries(context, attempts, options.signal, attempt));
  onProgress?.(sizeBytes);
  return { ...result, sizeBytes };
}

async function sizeOf(source: TransferSource): Promise<number> {
  if (source.kind === 'bytes') return source.bytes.byteLength;
  if (source.kind === 'file') {
    const facts = await onLocalFile(source.path, () => stat(source.path));
    if (facts.isDirectory()) throw new Failure('is-directory', `${source.path} is a directory`);
    return facts.size;
  }
  if (source.sizeBytes !== undefined) return source.sizeBytes;
  throw new Failure('invalid-argument', 'One PutObject needs the size of its stream', {
    remedy: 'Give sizeBytes, or use the optimized transporter',
  });
}

/**
 * One GetObject into `sink`, without committing it.
 *
 * @param pin - continue this version after the bytes that the sink has already delivered.
 */
export async function downloadPlain(
  context: TransferContext,
  key: string,
  sink: PartSink,
  options: DownloadOptions,
  pin?: Pin,
): Promise<Received> {
  const { signal, onProgress } = options;
  let version = pin;
  const attempt = async (): Promise<Pin> => {
    const firstByte = sink.deliveredBytes();
    // Bytes that have left can not be taken back: only the same version may follow them.
    const pinned = firstByte > 0 ? version : pin;
    const ifMatch = pinned?.etag ?? options.ifMatch;
    const conditions = {
      ...(ifMatch === undefined ? {} : { ifMatch }),
      ...(signal === undefined ? {} : { signal }),
      ...(firstByte === 0 || pinned === undefined
        ? {}
        : { range: { firstByte, lastByte: pinned.sizeBytes - 1 } }),
    };
    const read = await context.store.get(key, conditions).catch(refuseReplaced(key, ifMatch));
    version = { etag: read.head.etag, sizeBytes: read.head.sizeBytes };
    const { sizeBytes } = version;
    try {
      if (pinned !== undefined) checkPinned(read.head, key, pinned);
      let doneBytes = firstByte;
      await sink.append(firstByte, sizeBytes - firstByte, read.body, (bytes) => {
        doneBytes += bytes;
        onProgress?.(doneBytes);
      });
    } catch (reason) {
      read.body.destroy();
      throw reason;
    }
    return version;
  };
  const received = await inFlight(context.tally, () => plainTries(context, PLAIN_ATTEMPTS, signal, attempt));
  return { ...received, verification: await verifyWhole(key, sink, options.checksum, undefined) };
}

function refuseReplaced(key: string, ifMatch: string | undefined): (reason: unknown) => never {
  return (reason) => {
    throw pinnedFailure(Failure.from(reason), key, ifMatch);
  };
}

function plainTries<T>(
  { tally, policy }: TransferContext,
  maxAttempts: number,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  return retrying(attempt, {
    signal,
    policy: { ...policy, maxAttempts },
    isRetriable: isTransient,
    onRetry: () => {
      tally.retries += 1;
    },
  });
}
