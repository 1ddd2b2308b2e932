import { S3Error } from '../protocol/s3-error.js';
import type { BodyRange } from '../storage/storage.js';

/**
 * The bytes that a `Range` header selects (RFC 9110 section 14.1.2). As on S3, a header that is not well-formed, has
 * another unit or names several ranges is ignored: the whole object is sent.
 *
 * @returns undefined for the whole object.
 * @throws S3Error `InvalidRange` where no byte is selected.
 */
export function selectRange(header: string | undefined, sizeBytes: number): BodyRange | undefined {
  const match = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '');
  if (header === undefined || match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && BigInt(first) > BigInt(last)) return undefined;
  const lastByte = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  const firstByte = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  if (firstByte > lastByte) throw invalidRange(header, sizeBytes);
  return { firstByte, lastByte };
}

export function contentRange(range: BodyRange, sizeBytes: number): string {
  return `bytes ${range.firstByte}-${range.lastByte}/${sizeBytes}`;
}

function invalidRange(header: string, sizeBytes: number): S3Error {
  return new S3Error('InvalidRange', {
    details: { RangeRequested: header, ActualObjectSize: String(sizeBytes) },
    headers: { 'content-range': `bytes */${sizeBytes}` },
  });
}
