import { Failure } from '../errors/failure.js';
import { isTransient, retrying } from '../s3/backoff.js';
import { createChecksum } from '../s3/checksums/hasher.js';
import type { ByteRange, ObjectHead, ObjectRead } from '../s3/store.js';
import { inFlight, PART_RETRY, tryPart, type TransferContext } from './context.js';
import { partAlgorithm, verifyWhole } from './integrity/verification.js';
import { cutParts, downloadPartBytes, firstRangeBytes, type Part, type PlanSettings } from './plan.js';
import type { PartSink } from './sinks.js';
import type { DownloadOptions, Verification } from './transporter.js';
import { runWindowed, type WindowedWork } from './window.js';

/** A version, all of it received. */
export interface Received extends Pin {
  readonly verification: Verification;
}

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
): Promise<Received> {
  const known = pinOfJournal(options);
  const opened = known === undefined ? await openFirst(context, key, options) : undefined;
  const pin = known ?? pinOf(opened);
  onPin(pin);
  const firstBytes = opened === undefined ? firstRangeBytes(context.settings) : opened.covers.lastByte + 1;
  const parts = cutRest(pin.sizeBytes, Math.min(firstBytes, pin.sizeBytes), context.settings);
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

/** A download that goes on knows its version, and its first range may be there. */
function pinOfJournal({ journal, ifMatch, sizeBytes }: DownloadOptions): Pin | undefined {
  if (journal === undefined || journal.parts.size === 0) return undefined;
  if (ifMatch === undefined || sizeBytes === undefined) return undefined;
  return { etag: ifMatch, sizeBytes };
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
  fetchPart: (part: Part, signal: AbortSignal | undefined) => Promise<void>,
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
    pieceBytes: (parts[1] ?? first)?.sizeBytes ?? 1,
    run: (part, stop, window) => tryPart(context, part.sizeBytes, stop, () => fetchPart(part, stop), window),
  };
  await runWindowed(context, work, signal);
}

/** One attempt at one part; the first attempt at the first part takes the body that is open already. */
function partFetcher(
  context: TransferContext,
  { key, sink, pin, opened, options, digests }: DownloadJob,
): (part: Part, signal: AbortSignal | undefined) => Promise<void> {
  let isOpenedTaken = false;
  const { onProgress, journal, checksum } = options;
  let doneBytes = context.tally.resumedBytes;
  return async (part, signal) => {
    const first = part.index === 0 && !isOpenedTaken ? opened?.read : undefined;
    if (first !== undefined) isOpenedTaken = true;
    const read = first ?? (await openPart(context, key, part, pin, signal));
    const digest = createChecksum(partAlgorithm(checksum));
    let receivedBytes = 0;
    try {
      const onBytes = (bytes: number): void => {
        receivedBytes += bytes;
        doneBytes += bytes;
        onProgress?.(doneBytes);
      };
      await sink.receive(part, read.body, onBytes, digest);
    } catch (reason) {
      doneBytes -= receivedBytes;
      read.body.destroy();
      throw reason;
    }
    const value = digest.digest();
    digests.set(part.index, value);
    const { index, firstByte, sizeBytes } = part;
    await journal?.add({ index, firstByte, sizeBytes, digest: value });
  };
}

interface FirstRead {
  readonly read: ObjectRead;
  /** What its body holds of the object. */
  readonly covers: ByteRange;
}

/** The parts after the first one, which is as long as what the first request already brings. */
function cutRest(sizeBytes: number, firstBytes: number, settings: PlanSettings): readonly Part[] {
  const first = { index: 0, firstByte: 0, lastByte: firstBytes - 1, sizeBytes: firstBytes };
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
