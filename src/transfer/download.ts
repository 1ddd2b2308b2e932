import { Readable } from 'node:stream';
import { Failure } from '../errors/failure.js';
import { isTransient, retrying } from '../s3/backoff.js';
import { createChecksum } from '../s3/checksums/hasher.js';
import type { ByteRange, ObjectRead } from '../s3/store.js';
import { sizeBehindBadRange } from '../s3/unsatisfied-range.js';
import type { WindowController } from './congestion/controller.js';
import { PART_RETRY, planFor, tryPart, type TransferContext } from './context.js';
import { inFlight } from './tally.js';
import { gather } from './gather.js';
import { partAlgorithm, usesPartSums, verifyWhole } from './integrity/verification.js';
import { openPart, pinnedFailure, wrongRange, type Pin } from './pinned.js';
import { connectionsOf, cutDownload, firstRangeBytes, type Part } from './plan.js';
import type { PartSink } from './sinks.js';
import type { DownloadOptions, Verification } from './transporter.js';
import { runWindowed, type WindowedWork } from './window.js';

/** A version, all of it received. */
export interface Received extends Pin {
  readonly verification: Verification;
}

/**
 * Downloads by the optimized way into `sink`, without committing it. The first request is already the first part: its
 * `Content-Range` tells size and ETag, so no round trip goes into a HEAD. All further parts carry If-Match.
 *
 * @param onPin - called as soon as the version is known.
 */
export async function downloadOptimized(
  context: TransferContext,
  key: string,
  sink: PartSink,
  options: DownloadOptions,
  onPin: (pin: Pin) => void,
): Promise<Received> {
  const known = knownPin(context, options);
  const opened = known === undefined ? await openFirst(context, key, options) : undefined;
  const pin = known ?? pinOf(opened);
  onPin(pin);
  const firstBytes = opened === undefined ? firstRangeBytes(context.settings) : opened.covers.lastByte + 1;
  const parts = cutDownload(pin.sizeBytes, firstBytes, planFor(context, options));
  context.tally.parts = parts.length;
  const job = { key, sink, pin, opened, options, digests: new Map<number, string>() };
  const left = await withoutReceived(context, job, parts);
  try {
    await fetchAll(context, left, sink, partFetcher(context, job), options.signal);
  } finally {
    opened?.read.body.destroy();
  }
  const digests = parts.map(({ index, sizeBytes }) => ({ value: job.digests.get(index) ?? '', sizeBytes }));
  return { ...pin, verification: await verifyWhole(key, sink, options.checksum, digests) };
}

/** @param window - Absent: the part is the whole object. */
type FetchPart = (part: Part, signal: AbortSignal | undefined, window?: WindowController) => Promise<void>;

/** What the steps of one download share. */
interface DownloadJob {
  readonly key: string;
  readonly sink: PartSink;
  readonly pin: Pin;
  readonly opened: FirstRead | undefined;
  readonly options: DownloadOptions;
  /** By index of part. */
  readonly digests: Map<number, string>;
}

function pinOf(opened: FirstRead | undefined): Pin {
  const { etag = '', sizeBytes = 0 } = opened?.read.head ?? {};
  return { etag, sizeBytes };
}

/** Where the version is known before, no range waits for the reply to the first. What one request brings whole has none. */
function knownPin(
  { settings }: TransferContext,
  { journal, ifMatch, sizeBytes }: DownloadOptions,
): Pin | undefined {
  if (ifMatch === undefined || sizeBytes === undefined) return undefined;
  const isBegun = journal !== undefined && journal.parts.size > 0;
  return isBegun || sizeBytes > firstRangeBytes(settings) ? { etag: ifMatch, sizeBytes } : undefined;
}

/** The parts that an earlier run has not received, or whose bytes in the file are not what they were. */
async function withoutReceived(
  context: TransferContext,
  { sink, options, digests }: DownloadJob,
  parts: readonly Part[],
): Promise<readonly Part[]> {
  const left: Part[] = [];
  for (const part of parts) {
    const received = options.journal?.parts.get(part.index);
    const digest = createChecksum(partAlgorithm(options.checksum));
    const isSame = received?.firstByte === part.firstByte && received.sizeBytes === part.sizeBytes;
    if (!isSame || !(await sink.digestPart(part, digest)) || digest.digest() !== received.digest) {
      left.push(part);
      continue;
    }
    options.signal?.throwIfAborted();
    digests.set(part.index, received.digest);
    context.tally.resumedBytes += part.sizeBytes;
  }
  return left;
}

/** A part that is the whole object needs no window. */
async function fetchAll(
  context: TransferContext,
  parts: readonly Part[],
  sink: PartSink,
  fetchPart: FetchPart,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [first] = parts;
  if (context.tally.parts === 1 && first !== undefined) {
    await inFlight(context.tally, () =>
      tryPart(context, first.sizeBytes, signal, () => fetchPart(first, signal)),
    );
    return;
  }
  const queue = parts.values();
  const work: WindowedWork<Part> = {
    async next(stop) {
      const { value: part } = queue.next();
      if (part !== undefined) await sink.ready(part, stop);
      return part;
    },
    connections: connectionsOf(context.settings),
    pieceBytes: parts.reduce((most, { sizeBytes }) => Math.max(most, sizeBytes), 1),
    run: (part, stop, window) =>
      tryPart(context, part.sizeBytes, stop, () => fetchPart(part, stop, window), window),
  };
  await runWindowed(context, work, signal);
}

/** One attempt at one part; the first attempt at the first part takes the body that is open already. */
function partFetcher(context: TransferContext, job: DownloadJob): FetchPart {
  const { key, pin, opened } = job;
  const receive = partReceiver(context, job);
  let isOpenedTaken = false;
  return async (part, signal, window) => {
    const first = part.index === 0 && !isOpenedTaken ? opened?.read : undefined;
    if (first !== undefined) isOpenedTaken = true;
    const fetch = async (stop: AbortSignal | undefined): Promise<void> => {
      const { body } = first ?? (await openPart(context, key, part, pin, stop));
      await whileNotStopped(body, stop, () => receive(part, body));
    };
    if (window === undefined || context.hedger === undefined) {
      await fetch(signal);
      return;
    }
    const { sizeBytes } = part;
    const chunks = await context.hedger.race({ sizeBytes, window, signal }, fetch, async (stop) => {
      const { body } = await openPart(context, key, part, pin, stop);
      return whileNotStopped(body, stop, () => chunksOf(body, sizeBytes));
    });
    // Only now: a sink never takes one part from two bodies at one time.
    if (chunks !== undefined) await receive(part, Readable.from(chunks));
  };
}

/** Gives one part's body to the sink, the progress, the digests and the journal. */
function partReceiver(
  context: TransferContext,
  { sink, options, digests }: DownloadJob,
): (part: Part, body: Readable) => Promise<void> {
  const { onProgress, journal, checksum } = options;
  let doneBytes = context.tally.resumedBytes;
  const isSummed = journal !== undefined || usesPartSums(checksum);
  return async (part, body) => {
    const digest = isSummed ? createChecksum(partAlgorithm(checksum)) : undefined;
    let receivedBytes = 0;
    try {
      const onBytes = (bytes: number): void => {
        receivedBytes += bytes;
        doneBytes += bytes;
        onProgress?.(doneBytes);
      };
      await sink.receive(part, body, onBytes, digest);
    } catch (reason) {
      doneBytes -= receivedBytes;
      body.destroy();
      throw reason;
    }
    if (digest === undefined) return;
    const value = digest.digest();
    digests.set(part.index, value);
    const { index, firstByte, sizeBytes } = part;
    await journal?.add({ index, firstByte, sizeBytes, digest: value });
  };
}

/** A fired signal destroys the body, also one that was asked for without this signal. */
async function whileNotStopped<T>(
  body: Readable,
  signal: AbortSignal | undefined,
  run: () => Promise<T>,
): Promise<T> {
  if (signal === undefined) return run();
  const onAbort = (): void => {
    body.on('error', () => undefined).destroy(Failure.from(signal.reason)); // it may have no reader yet
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    signal.throwIfAborted();
    return await run();
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function chunksOf(body: Readable, sizeBytes: number): Promise<readonly Buffer[]> {
  const chunks: Buffer[] = [];
  try {
    for await (const batch of gather(body, sizeBytes)) chunks.push(...batch.chunks);
    return chunks;
  } finally {
    body.destroy();
  }
}

interface FirstRead {
  readonly read: Pick<ObjectRead, 'body'> & { readonly head: Pin };
  /** What its body holds of the object. */
  readonly covers: ByteRange;
}

/**
 * Asks for the first range, or for all of an object that is known to fit into it: the very request of a plain download. An
 * empty object has no range (RFC 9110 section 15.5.17), so the refusal is answer enough where it tells the length.
 */
async function openFirst(
  context: TransferContext,
  key: string,
  { ifMatch, signal, sizeBytes }: DownloadOptions,
): Promise<FirstRead> {
  const { store, settings, tally, budget, policy } = context;
  const range = { firstByte: 0, lastByte: firstRangeBytes(settings) - 1 };
  const isWhole = sizeBytes !== undefined && sizeBytes <= range.lastByte + 1;
  const conditions = {
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(signal === undefined ? {} : { signal }),
  };
  const attempt = async (): Promise<FirstRead> => {
    try {
      return coverOf(key, range, await store.get(key, isWhole ? conditions : { ...conditions, range }));
    } catch (reason) {
      const failure = pinnedFailure(Failure.from(reason), key, ifMatch);
      if (failure.kind !== 'bad-range') throw failure;
      return sizeBehindBadRange(failure) === 0
        ? nothing(ifMatch)
        : coverOf(key, range, await store.get(key, conditions));
    }
  };
  return retrying(attempt, {
    signal,
    policy: { ...PART_RETRY, ...policy },
    isRetriable: (failure) => isTransient(failure) && budget.take(failure),
    onRetry: () => {
      tally.retries += 1;
    },
  });
}

/** What an empty object would have been sent as. */
function nothing(etag = ''): FirstRead {
  return {
    read: { head: { etag, sizeBytes: 0 }, body: Readable.from([]) },
    covers: { firstByte: 0, lastByte: -1 },
  };
}

/** @throws Failure where the server sends other bytes than those that were asked for. */
function coverOf(key: string, range: ByteRange, read: ObjectRead): FirstRead {
  const covers = read.range ?? { firstByte: 0, lastByte: read.head.sizeBytes - 1 };
  const lastByte = Math.min(range.lastByte, read.head.sizeBytes - 1);
  if (read.range !== undefined && (covers.firstByte !== 0 || covers.lastByte !== lastByte)) {
    read.body.destroy();
    throw wrongRange(key, range, read);
  }
  return { read, covers };
}
