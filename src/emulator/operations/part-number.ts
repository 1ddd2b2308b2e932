import { S3Error } from '../protocol/s3-error.js';
import type { BodyRange, ObjectVersion } from '../storage/storage.js';

/** Most parts of one object. */
export const MAX_PARTS = 10_000;

/** @throws S3Error `InvalidArgument` where it is no whole number of 1 to 10,000. */
export function readPartNumber(text: string): number {
  const partNumber = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (partNumber >= 1 && partNumber <= MAX_PARTS) return partNumber;
  throw new S3Error('InvalidArgument', {
    message: `Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`,
    details: { ArgumentName: 'partNumber', ArgumentValue: text },
  });
}

/**
 * The bytes of one part for `partNumber=`. A plain object is its own only part. Parts count by their place, because
 * the numbers that an upload used may have gaps.
 *
 * @throws S3Error `InvalidArgument`, `InvalidPartNumber`.
 */
export function selectPart(
  text: string,
  version: ObjectVersion,
): { readonly range?: BodyRange; readonly partsCount?: number } {
  const partNumber = readPartNumber(text);
  const parts = version.parts ?? [{ partNumber: 1, sizeBytes: version.sizeBytes }];
  const part = parts[partNumber - 1];
  if (part === undefined) {
    throw new S3Error('InvalidPartNumber', {
      details: { ActualPartCount: String(parts.length), PartNumberRequested: text },
    });
  }
  const firstByte = parts.slice(0, partNumber - 1).reduce((sum, before) => sum + before.sizeBytes, 0);
  return {
    ...(part.sizeBytes === 0 ? {} : { range: { firstByte, lastByte: firstByte + part.sizeBytes - 1 } }),
    ...(version.parts === undefined ? {} : { partsCount: parts.length }),
  };
}
