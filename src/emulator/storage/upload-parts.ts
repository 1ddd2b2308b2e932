import { createHash } from 'node:crypto';
import { invalidRequest } from './failures.js';
import type { NamedPart, StoredBody, UploadPart } from './storage.js';

/** Least size of every part but the last (S3 user guide, "Amazon S3 multipart upload limits"). */
export const MINIMUM_PART_BYTES = 5 * 1024 * 1024;

/**
 * The parts that a CompleteMultipartUpload names, checked as S3 does.
 *
 * @throws Failure `invalid-request` with InvalidPartOrder, InvalidPart or EntityTooSmall.
 */
export function chooseParts(
  held: ReadonlyMap<number, UploadPart>,
  named: readonly NamedPart[],
  minimumPartBytes: number,
): readonly UploadPart[] {
  const chosen = named.map(({ partNumber, etag }, at) => {
    if (partNumber <= (named[at - 1]?.partNumber ?? 0)) {
      const message = 'The list of parts was not in ascending order. Parts must be ordered by part number.';
      throw invalidRequest('InvalidPartOrder', message, String(partNumber));
    }
    const part = held.get(partNumber);
    if (part?.etag !== etag) {
      const message =
        "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
      throw invalidRequest('InvalidPart', message, String(partNumber));
    }
    return part;
  });
  const small = chosen.slice(0, -1).find((part) => part.sizeBytes < minimumPartBytes);
  if (small !== undefined) {
    const message = 'Your proposed upload is smaller than the minimum allowed size';
    throw invalidRequest('EntityTooSmall', message, String(small.partNumber));
  }
  return chosen;
}

/** The ETag of a multipart object: MD5 over the binary MD5s of its parts, and their number. */
export function multipartEtag(parts: readonly UploadPart[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part.etag, 'hex');
  return `${hash.digest('hex')}-${parts.length}`;
}

/** The bytes of all parts, in order, without touching them. */
export function joinBodies(parts: readonly UploadPart[]): StoredBody {
  return {
    sizeBytes: parts.reduce((sum, part) => sum + part.sizeBytes, 0),
    segments: parts.flatMap((part) => part.body.segments),
  };
}
