import { S3Error } from '../protocol/s3-error.js';
import type { BucketInfo, ObjectVersion } from '../storage/storage.js';
import type { S3Request } from './request.js';

/** Which version of which object. */
export interface ObjectAddress {
  readonly bucket: string;
  readonly key: string;
  /** Absent: the newest. */
  readonly versionId?: string | undefined;
}

/**
 * The version that a read is about.
 *
 * @throws S3Error `NoSuchKey`, `NoSuchVersion`, or `MethodNotAllowed` for a delete marker that is named.
 */
export function requireVersion(
  request: S3Request,
  bucket: BucketInfo,
  address: ObjectAddress,
): ObjectVersion {
  const { key, versionId } = address;
  if (versionId === '') {
    throw new S3Error('InvalidArgument', {
      message: 'Version id cannot be the empty string',
      details: { ArgumentName: 'versionId', ArgumentValue: '' },
    });
  }
  const version = request.storage.findVersion(bucket.name, key, versionId);
  if (version === undefined) {
    throw versionId === undefined
      ? new S3Error('NoSuchKey', { details: { Key: key } })
      : new S3Error('NoSuchVersion', { details: { Key: key, VersionId: versionId } });
  }
  if (!version.deleteMarker) return version;
  const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': version.versionId };
  if (versionId === undefined) throw new S3Error('NoSuchKey', { details: { Key: key }, headers });
  throw new S3Error('MethodNotAllowed', {
    details: { Method: request.head.method, ResourceType: 'DeleteMarker' },
    headers: { ...headers, allow: 'DELETE' },
  });
}
