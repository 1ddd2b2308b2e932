import { usageError } from '../errors/failure.js';

/** A bucket and the part of it that a mount shows. */
export interface BucketUrl {
  readonly bucket: string;
  /** Empty, or ends with `/`. */
  readonly prefix: string;
}

/** Bucket naming rules of S3 (User Guide, "General purpose bucket naming rules"). */
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/**
 * Reads `s3://BUCKET[/PREFIX]`.
 *
 * @throws Failure `usage` where the text is something else or S3 allows no such bucket name.
 */
export function parseBucketUrl(text: string): BucketUrl {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(text);
  if (match === null)
    throw usageError(`"${text}" is no bucket`, 'Write s3://BUCKET or s3://BUCKET/PREFIX', text);
  const [, bucket = '', path = ''] = match;
  refuseBucketName(bucket);
  const trimmed = path.replace(/\/+$/, '');
  return { bucket, prefix: trimmed === '' ? '' : `${trimmed}/` };
}

/** @throws Failure `usage` where S3 allows no such bucket name. */
export function refuseBucketName(bucket: string): void {
  if (BUCKET_NAME.test(bucket)) return;
  throw usageError(
    `S3 allows no bucket of the name "${bucket}"`,
    'Use 3 to 63 lower-case letters, digits, dots and hyphens',
    bucket,
  );
}
