import { S3Error } from '../protocol/s3-error.js';
import type { BucketInfo } from '../storage/storage.js';
import { OWNER, type S3Request } from './request.js';

/** Longest key in bytes of UTF-8. */
const MAX_KEY_BYTES = 1024;

/**
 * The bucket of a request.
 *
 * @throws S3Error `NoSuchBucket`, or `AccessDenied` where the client expected another owner.
 */
export function requireBucket(request: S3Request, name = request.bucket): BucketInfo {
  const bucket = request.storage.findBucket(name);
  if (bucket === undefined) throw new S3Error('NoSuchBucket', { details: { BucketName: name } });
  const expected = request.head.header('x-amz-expected-bucket-owner');
  if (expected !== undefined && expected !== OWNER.id) throw new S3Error('AccessDenied');
  return bucket;
}

/** @throws S3Error `KeyTooLongError`. */
export function checkKey(key: string): void {
  const sizeBytes = Buffer.byteLength(key);
  if (sizeBytes <= MAX_KEY_BYTES) return;
  throw new S3Error('KeyTooLongError', {
    details: { Size: String(sizeBytes), MaxSizeAllowed: String(MAX_KEY_BYTES) },
  });
}

/**
 * The rules for names of general purpose buckets
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
 *
 * @throws S3Error `InvalidBucketName`.
 */
export function checkBucketName(name: string): void {
  const wellFormed =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !/^(?:xn--|sthree-|amzn-s3-demo-)/.test(name) &&
    !/(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name);
  if (!wellFormed) throw new S3Error('InvalidBucketName', { details: { BucketName: name } });
}
