import { Failure } from '../errors/failure.js';
import { isTransient, retrying } from '../s3/backoff.js';
import type { ByteRange, ObjectHead, ObjectRead } from '../s3/store.js';
import { inFlight, PART_RETRY, tryPart, type TransferContext } from './context.js';
import { cutParts, downloadPartBytes, firstRangeBytes, type Part, type PlanSettings } from './plan.js';
import type { PartSink } from './sinks.js';
import type { DownloadOptions } from './transporter.js';
import { runWindowed, type WindowedWork } from './window.js';

/** The one version of the object that all parts must come from. */
export interface Pin {
  readonly etag: string;
  readonly sizeBytes: number;
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
): Promise<Pin> {
  const opened = await openFirst(context, key, options);
  const { head } = opened.read;
  const pin = { etag: head.etag, sizeBytes: head.sizeBytes };
  onPin(pin);
  const parts = cutRest(opened, context.settings);
  context.tally.parts = parts.length;
  const fetchPart = partFetcher(context, key, sink, pin, opened, options.onProgress);
  try {
    await fetchAll(context, parts, sink, fetchPart, options.signal);
  } finally {
    opened.read.body.destroy();
  }
  return pin;
}

/** A part that is the whole object needs no window. */
async function fetchAll(
  context: TransferContext,
  parts: readonly Part[],
  sink: PartSink,
  fetchPart: (part: Part, signal: AbortSignal | undefined) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) {
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
    pieceBytes: parts[1]?.sizeBytes ?? 1,
    run: (part, stop, window) => tryPart(context, part.sizeBytes, stop, () => fetchPart(part, stop), window),
  };
  await runWindowed(context, work, signal);
}

/** One attempt at one part; the first attempt at the first part takes the body that is open already. */
function partFetcher(
  context: TransferContext,
  key: string,
  sink: PartSink,
  pin: Pin,
  opened: FirstRead,
  onProgress: DownloadOptions['onProgress'],
): (part: Part, signal: AbortSignal | undefined) => Promise<void> {
  let isOpenedTaken = false;
  let doneBytes = 0;
  return async (part, signal) => {
    const useOpened = part.index === 0 && !isOpenedTaken;
    if (useOpened) isOpenedTaken = true;
    const read = useOpened ? opened.read : await openPart(context, key, part, pin, signal);
    let receivedBytes = 0;
    try {
      await sink.receive(part, read.body, (bytes) => {
        receivedBytes += bytes;
        doneBytes += bytes;
        onProgress?.(doneBytes);
      });
    } catch (reason) {
      doneBytes -= receivedBytes;
      read.body.destroy();
      throw reason;
    }
  };
}

interface FirstRead {
  readonly read: ObjectRead;
  /** What its body holds of the object. */
  readonly covers: ByteRange;
}

/** The parts after the first one, which is as long as what the first request already brings. */
function cutRest({ read, covers }: FirstRead, settings: PlanSettings): readonly Part[] {
  const { sizeBytes } = read.head;
  const firstBytes = covers.lastByte + 1;
  const first = { index: 0, firstByte: 0, lastByte: covers.lastByte, sizeBytes: firstBytes };
  if (firstBytes >= sizeBytes) return [first];
  const restBytes = sizeBytes - firstBytes;
  const rest = cutParts(restBytes, downloadPartBytes(restBytes, settings)).map((part) => ({
    index: part.index + 1,
    firstByte: part.firstByte + firstBytes,
    lastByte: part.lastByte + firstBytes,
    sizeBytes: part.sizeBytes,
  }));
  return [first, ...rest];
}

async function openFirst(
  context: TransferContext,
  key: string,
  { ifMatch, signal }: DownloadOptions,
): Promise<FirstRead> {
  const { store, settings, tally, budget, policy } = context;
  const range = { firstByte: 0, lastByte: firstRangeBytes(settings) - 1 };
  const conditions = {
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(signal === undefined ? {} : { signal }),
  };
  const attempt = async (): Promise<ObjectRead> => {
    try {
      return await store.get(key, { ...conditions, range });
    } catch (reason) {
      const failure = pinnedFailure(Failure.from(reason), key, ifMatch);
      // An empty object has no first byte (RFC 9110 section 15.5.17).
      if (failure.kind !== 'bad-range') throw failure;
      return store.get(key, conditions);
    }
  };
  const read = await retrying(attempt, {
    signal,
    policy: { ...PART_RETRY, ...policy },
    isRetriable: (failure) => isTransient(failure) && budget.take(),
    onRetry: () => {
      tally.retries += 1;
    },
  });
  const covers = read.range ?? { firstByte: 0, lastByte: read.head.sizeBytes - 1 };
  const lastByte = Math.min(range.lastByte, read.head.sizeBytes - 1);
  if (read.range !== undefined && (covers.firstByte !== 0 || covers.lastByte !== lastByte)) {
    read.body.destroy();
    throw wrongRange(key, range, read);
  }
  return { read, covers };
}

async function openPart(
  { store }: TransferContext,
  key: string,
  part: Part,
  pin: Pin,
  signal: AbortSignal | undefined,
): Promise<ObjectRead> {
  const range = { firstByte: part.firstByte, lastByte: part.lastByte };
  const stop = signal === undefined ? {} : { signal };
  const read = await store.get(key, { range, ifMatch: pin.etag, ...stop }).catch((reason: unknown) => {
    throw pinnedFailure(Failure.from(reason), key, pin.etag);
  });
  try {
    checkPinned(read.head, key, pin);
    const sent = read.range;
    if (sent?.firstByte !== range.firstByte || sent.lastByte !== range.lastByte)
      throw wrongRange(key, range, read);
    return read;
  } catch (reason) {
    read.body.destroy();
    throw reason;
  }
}

/** A server may ignore If-Match; its reply still says which version it sends. */
export function checkPinned(head: ObjectHead, key: string, pin: Pin): void {
  if (head.etag !== pin.etag || head.sizeBytes !== pin.sizeBytes) throw changedUnderUs(key, undefined);
}

/** A refused If-Match means here that somebody replaced the object. */
export function pinnedFailure(failure: Failure, key: string, etag: string | undefined): Failure {
  if (failure.kind !== 'precondition-failed' || etag === undefined) return failure;
  return changedUnderUs(key, failure);
}

function changedUnderUs(key: string, cause: Failure | undefined): Failure {
  return new Failure('changed-under-us', `${key} was replaced by another version`, {
    subject: key,
    remedy: 'Download it again',
    ...(cause === undefined ? {} : { cause }),
  });
}

function wrongRange(key: string, wanted: ByteRange, read: ObjectRead): Failure {
  const sent =
    read.range === undefined ? 'the whole object' : `${read.range.firstByte}-${read.range.lastByte}`;
  const text = `${key}: asked for bytes ${wanted.firstByte}-${wanted.lastByte}, the server sends ${sent}`;
  return new Failure('server-error', text, { subject: key });
}
