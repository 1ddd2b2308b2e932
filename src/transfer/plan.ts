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
  readonly chunkSize: number;
  readonly connections: number;
}

/** One piece of an object. */
export interface Part extends ByteRange {
  /** From 0. */
  readonly index: number;
  readonly sizeBytes: number;
}

/**
 * Part size of an upload of known length: `chunkSize`, raised where 10,000 parts would not hold the object, and never
 * under the 5 MiB that S3 demands. `aggressive` makes parts smaller where else connections would stay idle.
 *
 * @throws Failure `file-too-big` where 10,000 parts of 5 GiB would not hold it.
 */
export function uploadPartBytes(sizeBytes: number, settings: PlanSettings): number {
  const least = Math.ceil(sizeBytes / S3_LIMITS.maxParts);
  if (least > S3_LIMITS.maxPartBytes) {
    throw new Failure('file-too-big', `${formatSize(sizeBytes)} do not fit into 10,000 parts of 5 GiB`);
  }
  const wanted = Math.max(spread(sizeBytes, settings, S3_LIMITS.minPartBytes), least, S3_LIMITS.minPartBytes);
  return Math.min(wanted, S3_LIMITS.maxPartBytes);
}

/**
 * Part size of a download: `chunkSize`. S3 has no least size for ranges, but under 1 MiB the round trips cost more
 * than the parallel connections bring.
 */
export function downloadPartBytes(sizeBytes: number, settings: PlanSettings): number {
  return Math.max(spread(sizeBytes, settings, MIB), 1);
}

/** The parts of an object, in order; one empty part for an empty object. */
export function cutParts(sizeBytes: number, partBytes: number): readonly Part[] {
  const count = Math.max(1, Math.ceil(sizeBytes / partBytes));
  return Array.from({ length: count }, (_none, index) => {
    const firstByte = index * partBytes;
    const lastByte = Math.min(firstByte + partBytes, sizeBytes) - 1;
    return { index, firstByte, lastByte, sizeBytes: lastByte - firstByte + 1 };
  });
}

/** `aggressive`: as many parts as there are connections, but none under `leastBytes`. */
function spread(
  sizeBytes: number,
  { level, chunkSize, connections }: PlanSettings,
  leastBytes: number,
): number {
  if (level !== 'aggressive') return chunkSize;
  return Math.min(chunkSize, Math.max(leastBytes, Math.ceil(sizeBytes / connections)));
}
