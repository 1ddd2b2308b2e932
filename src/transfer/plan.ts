import { Failure } from '../errors/failure.js';
import { formatSize } from '../config/size.js';
import type { ByteRange } from '../s3/store.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** Multipart limits (S3 user guide, "Amazon S3 multipart upload limits"). */
export const S3_LIMITS = {
  minPartBytes: 5 * MIB,
  maxPartBytes: 5 * GIB,
  maxParts: 10_000,
} as const;

/** What decides the cut of an object into parts. */
export interface PlanSettings {
  readonly level: 'off' | 'standard' | 'aggressive';
  /** Set by the user: parts have exactly this size. Absent: chosen from size and connections. */
  readonly chunkSize?: number | undefined;
  /** Set by the user: parts in flight. Absent: {@link connectionsOf} and {@link uploadConnectionsOf}. */
  readonly connections?: number | undefined;
  /** What one connection carries in the time of an answer. Absent: not known. */
  readonly bandwidthDelayBytes?: number | undefined;
}

/** Connections at 85 to 90 MB/s each (S3 user guide, "Performance design patterns") that fill a host of 5 Gbit/s. */
const CONNECTIONS = 8;

/**
 * Of an upload at `aggressive`: what a connection gets of a path that loses segments falls with its round trip (RFC 9438
 * section 5.1), and an upload has no other way to more. A download has: its ranges may be smaller than 5 MiB.
 */
const AGGRESSIVE_UPLOAD_CONNECTIONS = 16;

/** Ranges of a download, parts of a copy and small objects that are in flight. */
export function connectionsOf({ connections }: PlanSettings): number {
  return connections ?? CONNECTIONS;
}

/** Parts of an upload of known length that are in flight. */
export function uploadConnectionsOf({ connections, level }: PlanSettings): number {
  return connections ?? (level === 'aggressive' ? AGGRESSIVE_UPLOAD_CONNECTIONS : CONNECTIONS);
}

/** The most that is chosen for a part where the object fits: 1 GiB takes 64 requests. */
export const DEFAULT_PART_BYTES = 16 * MIB;

/** A connection that waits for the answer to each part is idle for less than a ninth of the time. */
const DELAYS_PER_PART = 8;

/** The most for that: where parts are in memory, eight of them take 256 MiB. */
const LONG_PATH_PART_BYTES = 32 * MIB;

/** The largest part that is chosen over this path. */
function mostPartBytes({ bandwidthDelayBytes = 0 }: PlanSettings): number {
  return Math.max(DEFAULT_PART_BYTES, Math.min(LONG_PATH_PART_BYTES, DELAYS_PER_PART * bandwidthDelayBytes));
}

/**
 * Objects up to this size are sent and fetched by one request: create and complete of a multipart upload cost two
 * round trips more, and a part less than that wins nothing on a fast path (the AWS CLI's `multipart_threshold`).
 */
export const ONE_REQUEST_BYTES = 8 * MIB;

/** The first range of `aggressive`, after which size and version are known and all connections work. */
const EAGER_FIRST_BYTES = 2 * MIB;

/** One piece of an object. */
export interface Part extends ByteRange {
  /** From 0. */
  readonly index: number;
  readonly sizeBytes: number;
}

/**
 * Part size of an upload of known length: `chunkSize` where it is set; else one part up to {@link ONE_REQUEST_BYTES},
 * and above it parts for whole rounds over all connections, none over {@link DEFAULT_PART_BYTES}, or over
 * {@link LONG_PATH_PART_BYTES} where connections carry much while they wait. Never under the 5 MiB
 * that S3 demands, and more where 10,000 parts would not hold the object.
 *
 * @throws Failure `file-too-big` where 10,000 parts of 5 GiB (48.8 TiB) would not hold it.
 */
export function uploadPartBytes(sizeBytes: number, settings: PlanSettings): number {
  const least = Math.ceil(sizeBytes / S3_LIMITS.maxParts);
  if (least > S3_LIMITS.maxPartBytes) {
    throw new Failure('file-too-big', `${formatSize(sizeBytes)} do not fit into 10,000 parts of 5 GiB`);
  }
  const chosen =
    sizeBytes <= ONE_REQUEST_BYTES
      ? ONE_REQUEST_BYTES
      : spread(sizeBytes, uploadConnectionsOf(settings), S3_LIMITS.minPartBytes, mostPartBytes(settings));
  const wanted = Math.max(settings.chunkSize ?? chosen, least, S3_LIMITS.minPartBytes);
  return Math.min(wanted, S3_LIMITS.maxPartBytes);
}

/** Parts of a stream of unknown length double after so many, so that 10,000 of them hold over 12 TiB. */
const PARTS_OF_ONE_SIZE = 1000;

/** Size of the part of this index (from 0) of a stream whose length is not known. */
export function streamPartBytes(index: number, { chunkSize }: PlanSettings): number {
  if (chunkSize !== undefined) return Math.max(chunkSize, S3_LIMITS.minPartBytes);
  const grown = DEFAULT_PART_BYTES * 2 ** Math.floor(index / PARTS_OF_ONE_SIZE);
  return Math.min(grown, S3_LIMITS.maxPartBytes);
}

/** The range that a download asks for before it knows the object: what fits into it takes this one request. */
export function firstRangeBytes({ level, chunkSize }: PlanSettings): number {
  return Math.max(1, chunkSize ?? (level === 'aggressive' ? EAGER_FIRST_BYTES : ONE_REQUEST_BYTES));
}

/**
 * The ranges of a download of known length, in order: the first as long as `firstBytes`, then parts of `chunkSize`; without
 * one, parts for whole rounds over the connections, none larger than those of an upload. Those of the first round grow
 * and those of the last shrink by the same amounts: connections that began together do not all wait for the first byte
 * of their next part at one time, and still end together.
 */
export function cutDownload(sizeBytes: number, firstBytes: number, settings: PlanSettings): readonly Part[] {
  const { chunkSize } = settings;
  const connections = connectionsOf(settings);
  const restBytes = Math.max(0, sizeBytes - firstBytes);
  // The first range is still under way on one of them.
  const others = Math.max(1, connections - 1);
  const mostBytes = mostPartBytes(settings);
  const meanBytes = meanRangeBytes(sizeBytes, restBytes, connections, mostBytes);
  const sizes =
    chunkSize !== undefined || others < 2 || meanBytes < LEAST_STAGGERED_BYTES
      ? evenSizes(restBytes, chunkSize ?? spread(restBytes, others, MIB, mostBytes))
      : staggeredSizes(restBytes, meanBytes, others);
  return placed([Math.min(firstBytes, sizeBytes), ...sizes]);
}

/** The parts of an object, in order; one empty part for an empty object. */
export function cutParts(sizeBytes: number, partBytes: number): readonly Part[] {
  return placed(sizeBytes === 0 ? [0] : evenSizes(sizeBytes, partBytes));
}

/** Parts of these sizes, one behind the other. */
function placed(sizes: readonly number[]): readonly Part[] {
  let firstByte = 0;
  return sizes.map((sizeBytes, index) => {
    const part = { index, firstByte, lastByte: firstByte + sizeBytes - 1, sizeBytes };
    firstByte += sizeBytes;
    return part;
  });
}

function evenSizes(sizeBytes: number, partBytes: number): number[] {
  const count = Math.ceil(sizeBytes / partBytes);
  return Array.from({ length: count }, (_none, index) => Math.min(partBytes, sizeBytes - index * partBytes));
}

/** What a range of the first and the last round differs from the mean by, at most. */
const STAGGER = 0.25;
/** Less than that in the mean, and the smallest ranges would be round trips more than bytes. */
const LEAST_STAGGERED_BYTES = 2 * MIB;

/** Mean size of a range where all connections end together, also that of the first range. */
function meanRangeBytes(
  sizeBytes: number,
  restBytes: number,
  connections: number,
  mostBytes: number,
): number {
  const most = mostBytes / (1 + STAGGER);
  const rounds = Math.max(LEAST_ROUNDS, Math.ceil(sizeBytes / most / connections));
  return Math.floor(Math.min(sizeBytes / connections, restBytes / Math.max(1, connections - 1)) / rounds);
}

/** A first round that grows, a last one that shrinks by as much, and between them what is left in even parts. */
function staggeredSizes(restBytes: number, meanBytes: number, connections: number): number[] {
  const first = Array.from({ length: connections }, (_none, index) => {
    const share = (2 * index) / (connections - 1) - 1; // -1 to 1
    return Math.floor(meanBytes * (1 + STAGGER * share));
  });
  const last = first.map((sizeBytes) => 2 * meanBytes - sizeBytes);
  const betweenBytes = restBytes - 2 * connections * meanBytes;
  if (2 * betweenBytes >= meanBytes) {
    const partBytes = Math.ceil(betweenBytes / Math.ceil(betweenBytes / meanBytes));
    return [...first, ...evenSizes(betweenBytes, partBytes), ...last];
  }
  // Too little for a request of its own.
  const extra = evenSizes(betweenBytes, Math.max(1, Math.ceil(betweenBytes / connections)));
  return [...first, ...last.map((sizeBytes, index) => sizeBytes + (extra[index] ?? 0))];
}

/**
 * Parts that go over all connections in whole rounds: a round of fewer parts leaves connections without work. Two rounds
 * at least, where the least size of a part permits: over a path that loses segments no two connections are equally
 * fast, and the faster ones then take more of the parts.
 */
function spread(sizeBytes: number, connections: number, leastBytes: number, mostBytes: number): number {
  const most = Math.max(1, Math.ceil(sizeBytes / leastBytes));
  const wanted = Math.max(LEAST_ROUNDS, Math.ceil(sizeBytes / mostBytes / connections));
  const rounds = Math.min(wanted, Math.floor(most / connections));
  const count = rounds === 0 ? most : rounds * connections;
  return Math.max(leastBytes, Math.ceil(sizeBytes / count));
}

/** One more request per connection costs a fiftieth of the time on `same-region`, and saves two fifths on `cross-region`. */
const LEAST_ROUNDS = 2;
