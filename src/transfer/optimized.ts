import { Failure } from '../errors/failure.js';
import { silentLog, type Log } from '../log/log.js';
import type { RetryPolicy } from '../s3/backoff.js';
import type { ObjectStore } from '../s3/store.js';
import {
  countingStore,
  createRetryBudget,
  newTally,
  summarize,
  type TransferContext,
  type TransferSettings,
} from './context.js';
import { downloadOptimized, type Pin } from './download.js';
import { fallbackReason, isWorthPlainTry } from './fallback.js';
import { downloadPlain, uploadPlain } from './plain.js';
import { openSink } from './sinks.js';
import type {
  DownloadOptions,
  DownloadSummary,
  TransferSink,
  TransferSource,
  Transporter,
  UploadOptions,
  UploadSummary,
} from './transporter.js';
import { uploadOptimized, type UploadOutcome } from './upload.js';

/** What every way to transfer needs; `storageClass` is the class of objects that name none. */
export interface TransporterParts {
  readonly store: ObjectStore;
  readonly settings: TransferSettings;
  readonly log?: Log;
  readonly retry?: Partial<RetryPolicy>;
}

/** Fresh counters and budget for one transfer. */
export function newContext(parts: TransporterParts): TransferContext {
  const tally = newTally();
  return {
    store: countingStore(parts.store, tally),
    settings: parts.settings,
    tally,
    budget: createRetryBudget(),
    policy: parts.retry ?? {},
    log: parts.log ?? silentLog,
    startMs: performance.now(),
  };
}

/** One PutObject, one GetObject. */
export function plainTransporter(parts: TransporterParts, name = 'plain'): Transporter {
  return {
    name,
    async upload(key, source, options = {}) {
      const context = newContext(parts);
      const result = await uploadPlain(context, key, source, options);
      return uploadSummary(context, result);
    },
    download: (key, target, options = {}) =>
      downloadInto(newContext(parts), target, (context, sink) => downloadPlain(context, key, sink, options)),
  };
}

/** Parts in parallel, with one plain transfer behind it. */
export function optimizedTransporter(parts: TransporterParts): Transporter {
  return {
    name: 'optimized',
    upload: (key, source, options = {}) => upload(newContext(parts), key, source, options),
    download: (key, sink, options = {}) => download(newContext(parts), key, sink, options),
  };
}

async function upload(
  context: TransferContext,
  key: string,
  source: TransferSource,
  options: UploadOptions,
): Promise<UploadSummary> {
  try {
    return uploadSummary(context, await uploadOptimized(context, key, source, options));
  } catch (reason) {
    const failure = Failure.from(reason);
    // A stream is used up, and what was one PutObject already gains nothing from one more.
    const canRepeat = source.kind !== 'stream' && context.tally.parts !== 1;
    if (!canRepeat || !isWorthPlainTry(failure)) throw failure;
    context.log.warn({ key, kind: failure.kind }, 'upload falls back to one plain request');
    const result = await uploadPlain(context, key, source, options);
    context.tally.parts = 1;
    return { ...uploadSummary(context, result), fallback: { reason: fallbackReason(failure) } };
  }
}

async function download(
  context: TransferContext,
  key: string,
  target: TransferSink,
  options: DownloadOptions,
): Promise<DownloadSummary> {
  let fallback: string | undefined;
  const summary = await downloadInto(context, target, async (_context, sink) => {
    let pin: Pin | undefined;
    try {
      return await downloadOptimized(context, key, sink, options, (found) => (pin = found));
    } catch (reason) {
      const failure = Failure.from(reason);
      if (!isWorthPlainTry(failure)) throw failure;
      await sink.settle();
      context.log.warn({ key, kind: failure.kind }, 'download falls back to one plain request');
      fallback = fallbackReason(failure);
      context.tally.parts = 1;
      return downloadPlain(context, key, sink, options, pin);
    }
  });
  return fallback === undefined ? summary : { ...summary, fallback: { reason: fallback } };
}

/** Opens the sink, moves the bytes, and commits or discards. */
export async function downloadInto(
  context: TransferContext,
  target: TransferSink,
  move: (context: TransferContext, sink: Awaited<ReturnType<typeof openSink>>) => Promise<Pin>,
): Promise<DownloadSummary> {
  const sink = await openSink(target, context.settings.connections);
  try {
    const { etag, sizeBytes } = await move(context, sink);
    await sink.commit();
    return { ...summarize(context.tally, sizeBytes, context.startMs), etag };
  } catch (reason) {
    const failure = Failure.from(reason);
    await sink.discard(failure);
    throw failure;
  }
}

export function uploadSummary(context: TransferContext, outcome: UploadOutcome): UploadSummary {
  const { etag, versionId, modifiedByMs, sizeBytes } = outcome;
  return {
    ...summarize(context.tally, sizeBytes, context.startMs),
    etag,
    ...(versionId === undefined ? {} : { versionId }),
    ...(modifiedByMs === undefined ? {} : { modifiedByMs }),
  };
}
