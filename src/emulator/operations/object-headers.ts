import type { RequestHead } from '../protocol/request-head.js';
import type { BucketInfo, ObjectEncryption, ObjectVersion } from '../storage/storage.js';
import { KEPT_HEADERS } from './description.js';

type HeaderValues = Readonly<Record<string, string | undefined>>;

/** Headers that describe an object in the replies to GetObject and HeadObject. */
export function objectHeaders(head: RequestHead, bucket: BucketInfo, version: ObjectVersion): HeaderValues {
  const tagCount = Object.keys(version.tags).length;
  return {
    'accept-ranges': 'bytes',
    'content-type': 'binary/octet-stream',
    ...keptHeaders(version),
    ...overrides(head),
    ...metadataHeaders(version),
    ...validators(version),
    'x-amz-version-id': versionHeader(bucket, version),
    'x-amz-storage-class': version.storageClass === 'STANDARD' ? undefined : version.storageClass,
    'x-amz-tagging-count': tagCount === 0 ? undefined : String(tagCount),
    ...encryptionHeaders(version.encryption),
  };
}

/** S3 says of every object how it is encrypted; unless told otherwise, with a key of its own. */
export function encryptionHeaders(encryption: ObjectEncryption | undefined): HeaderValues {
  const { algorithm, kmsKeyId, bucketKey } = encryption ?? { algorithm: 'AES256' };
  return {
    'x-amz-server-side-encryption': algorithm,
    'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyId,
    'x-amz-server-side-encryption-bucket-key-enabled': bucketKey === true ? 'true' : undefined,
  };
}

/** What a 304 carries too. */
export function validators(version: ObjectVersion): HeaderValues {
  return {
    etag: `"${version.etag}"`,
    'last-modified': new Date(version.lastModifiedMs).toUTCString(),
  };
}

/** Only buckets that were versioned once speak of versions. */
export function versionHeader(bucket: BucketInfo, version: ObjectVersion): string | undefined {
  return bucket.versioning === 'Disabled' ? undefined : version.versionId;
}

/** Metadata beyond ASCII goes out as an encoded word of RFC 2047, as S3 does. */
export function headerText(text: string): string {
  if (/^[\x20-\x7e\t]*$/.test(text)) return text;
  return `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
}

function keptHeaders(version: ObjectVersion): HeaderValues {
  return Object.fromEntries(
    Object.entries(version.headers).map(([name, value]) => [name, headerText(value)]),
  );
}

function metadataHeaders(version: ObjectVersion): HeaderValues {
  return Object.fromEntries(
    Object.entries(version.metadata).map(([name, value]) => [`x-amz-meta-${name}`, headerText(value)]),
  );
}

/** `response-content-type` and its like; a request of this server is never anonymous, so all may use them. */
function overrides(head: RequestHead): HeaderValues {
  return Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = head.parameter(`response-${name}`);
      return value === undefined || value === '' ? [] : [[name, headerText(value)]];
    }),
  );
}
