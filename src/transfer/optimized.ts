import { Failure } from '../errors/failure.js';
import { silentLog, type Log } from '../log/log.js';
import type { RetryPolicy } from '../s3/backoff.js';
import type { ObjectStore } from '../s3/store.js';
import {
  createRetryBudget,
  observedStore,
  summarize,
  type TransferContext,
  type TransferSettings,
} from './context.js';
import { downloadOptimized, type Received } from './download.js';
import type { Pin } from './pinned.js';
import { circuitOf, type Circuit } from './circuit.js';
import { fallbackReason, isWorthPlainTry } from './fallback.js';
import { wholeDigestFor } from './integrity/verification.js';
import { Hedger } from './hedging/hedger.js';
import { abandonUpload } from './multipart.js';
import { pacerFor } from './pacing.js';
import { pathTo } from './path-estimate.js';
import { connectionsOf } from './plan.js';
import { downloadPlain, uploadPlain } from './plain.js';
import { openSink, type PartSink } from './sinks.js';
import { newTally } from './tally.js';
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
import { crc32OfSource } from './upload-source.js';
import { serverVerification } from './integrity/verify-upload.js';

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
  const pacer = pacerFor(parts.settings);
  const path = pathTo(parts.store);
  return {
    store: observedStore(parts.store, tally, path),
    settings: parts.settings,
    tally,
    budget: createRetryBudget(),
    path,
    pacer,
    hedger: parts.settings.hedge === true ? new Hedger(tally, pacer) : undefined,
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
      return uploadSummary(context, { ...result, verification: serverVerification(result, undefined) });
    },
    download: (key, target, options = {}) =>
      downloadInto(newContext(parts), target, options, (context, sink, own) =>
        downloadPlain(context, key, sink, own),
      ),
  };
}

/** Parts in parallel, with one plain transfer behind it. */
export function optimizedTransporter(parts: TransporterParts): Transporter {
  const circuit = circuitOf(parts.store);
  return {
    name: 'optimized',
    upload: (key, source, options = {}) => upload(newContext(parts), key, source, options, circuit),
    download: (key, sink, options = {}) => download(newContext(parts), key, sink, options, circuit),
  };
}

async function upload(
  context: TransferContext,
  key: string,
  source: TransferSource,
  options: UploadOptions,
  circuit: Circuit,
): Promise<UploadSummary> {
  // What a journal remembers goes on; a stream of unknown length has no plain way.
  const refusal = source.kind === 'stream' || options.journal !== undefined ? undefined : circuit.refusal();
  if (refusal !== undefined) return uploadInstead(context, key, source, options, refusal);
  try {
    const outcome = await uploadOptimized(context, key, source, options);
    settle(circuit, context);
    return uploadSummary(context, outcome);
  } catch (reason) {
    const failure = Failure.from(reason);
    // A stream is used up, and what was one PutObject already gains nothing from one more.
    const canRepeat = source.kind !== 'stream' && context.tally.parts !== 1;
    // What a journal remembers is begun anew by its owner.
    const isLost = options.journal !== undefined && failure.kind === 'missing-upload';
    if (!canRepeat || isLost || !isWorthPlainTry(failure)) {
      circuit.undecided();
      throw failure;
    }
    circuit.failed(fallbackReason(failure));
    context.log.warn({ key, kind: failure.kind }, 'upload falls back to one plain request');
    return uploadInstead(context, key, source, options, fallbackReason(failure));
  }
}

/** Only what was cut into parts tells that parts work. */
function settle(circuit: Circuit, { tally }: TransferContext): void {
  if (tally.parts > 1) circuit.succeeded();
  else circuit.undecided();
}

async function uploadInstead(
  context: TransferContext,
  key: string,
  source: TransferSource,
  options: UploadOptions,
  reason: string,
): Promise<UploadSummary> {
  // What has hit the parts may hit this request too, and a stream of a file goes without a sum by itself.
  const crc32 = await crc32OfSource(source, options.signal);
  const sum = crc32 === undefined ? {} : { crc32 };
  const result = await uploadPlain(context, key, source, { ...options, ...sum });
  context.tally.parts = 1;
  context.tally.resumedBytes = 0;
  const { journal } = options;
  if (journal?.uploadId !== undefined) await abandonUpload(context, key, journal.uploadId);
  const outcome = { ...result, verification: serverVerification(result, crc32) };
  return { ...uploadSummary(context, outcome), fallback: { reason } };
}

async function download(
  context: TransferContext,
  key: string,
  target: TransferSink,
  options: DownloadOptions,
  circuit: Circuit,
): Promise<DownloadSummary> {
  let fallback = options.journal === undefined ? circuit.refusal() : undefined;
  const summary = await downloadInto(context, target, options, async (_context, sink, own) => {
    if (fallback !== undefined) return downloadPlain(context, key, sink, own);
    let pin: Pin | undefined;
    try {
      const received = await downloadOptimized(context, key, sink, own, (found) => (pin = found));
      settle(circuit, context);
      return received;
    } catch (reason) {
      const failure = Failure.from(reason);
      if (!isWorthPlainTry(failure)) {
        circuit.undecided();
        throw failure;
      }
      await sink.settle();
      if (failure.kind === 'bad-checksum' && sink.deliveredBytes() > 0) {
        // Bytes of which some are wrong have left: no other request takes them back.
        circuit.undecided();
        throw failure;
      }
      context.log.warn({ key, kind: failure.kind }, 'download falls back to one plain request');
      fallback = fallbackReason(failure);
      circuit.failed(fallback);
      context.tally.parts = 1;
      context.tally.resumedBytes = 0;
      return downloadPlain(context, key, sink, own, pin);
    }
  });
  return fallback === undefined ? summary : { ...summary, fallback: { reason: fallback } };
}

/** Opens the sink, moves the bytes, and commits or discards. */
export async function downloadInto(
  context: TransferContext,
  target: TransferSink,
  options: DownloadOptions,
  move: (context: TransferContext, sink: PartSink, options: DownloadOptions) => Promise<Received>,
): Promise<DownloadSummary> {
  const { checksum, journal } = options;
  const whole = target.kind === 'file' || checksum === undefined ? undefined : wholeDigestFor(checksum);
  const windowParts = connectionsOf(context.settings);
  const sink = await openSink(target, { windowParts, whole, temporary: journal?.temporary });
  try {
    const { etag, sizeBytes, verification } = await move(context, sink, options);
    await sink.commit();
    return { ...summarize(context, sizeBytes, verification), ...(etag === '' ? {} : { etag }) };
  } catch (reason) {
    const failure = Failure.from(reason);
    await sink.discard(failure);
    throw failure;
  }
}

export function uploadSummary(context: TransferContext, outcome: UploadOutcome): UploadSummary {
  const { etag, versionId, modifiedByMs, sizeBytes, verification } = outcome;
  return {
    ...summarize(context, sizeBytes, verification),
    etag,
    ...(versionId === undefined ? {} : { versionId }),
    ...(modifiedByMs === undefined ? {} : { modifiedByMs }),
  };
}
