import { S3Error } from '../protocol/s3-error.js';
import { uriDecode } from '../protocol/uri.js';
import type { BucketInfo, ObjectVersion } from '../storage/storage.js';
import { requireBucket } from './bucket-access.js';
import { conditionFields, evaluate, preconditionFailed } from './conditions.js';
import { requireVersion } from './find-object.js';
import type { S3Request } from './request.js';

/** The object that a copy reads. */
export interface CopySource {
  readonly bucket: BucketInfo;
  readonly version: ObjectVersion;
  /** The request named a version, so that a copy onto itself restores it. */
  readonly versionNamed: boolean;
}

/**
 * Finds what `x-amz-copy-source` names and checks the conditions on it.
 *
 * @throws S3Error `InvalidArgument`, `NoSuchBucket`, `NoSuchKey`, `NoSuchVersion`, `PreconditionFailed` (for every
 * condition that does not hold: a copy is never "not modified"), `ObjectNotInActiveTierError`.
 */
export function requireCopySource(request: S3Request): CopySource {
  const address = parseCopySource(request.head.header('x-amz-copy-source') ?? '');
  const bucket = requireSourceBucket(request, address.bucket);
  const version = sourceVersion(request, bucket, address);
  const condition = evaluate(conditionFields(request.head, 'x-amz-copy-source-'), version);
  if (!condition.holds) throw preconditionFailed(`x-amz-copy-source-${condition.field}`);
  if (version.storageClass === 'GLACIER' || version.storageClass === 'DEEP_ARCHIVE') {
    throw new S3Error('ObjectNotInActiveTierError');
  }
  return { bucket, version, versionNamed: address.versionId !== undefined };
}

interface SourceAddress {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

function parseCopySource(text: string): SourceAddress {
  const [, rawPath = '', versionId] = /^(.*?)(?:\?versionId=([^&]*))?$/s.exec(text) ?? [];
  const path = uriDecode(rawPath).replace(/^\//, '');
  const slash = path.indexOf('/');
  if (slash < 1 || slash === path.length - 1) {
    throw new S3Error('InvalidArgument', {
      message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      details: { ArgumentName: 'x-amz-copy-source', ArgumentValue: text },
    });
  }
  return { bucket: path.slice(0, slash), key: path.slice(slash + 1), versionId };
}

/** The expected owner of the target is in another header than that of the source. */
function requireSourceBucket(request: S3Request, name: string): BucketInfo {
  const bucket = request.storage.findBucket(name);
  if (bucket === undefined) throw new S3Error('NoSuchBucket', { details: { BucketName: name } });
  return name === request.bucket ? requireBucket(request) : bucket;
}

function sourceVersion(request: S3Request, bucket: BucketInfo, address: SourceAddress): ObjectVersion {
  try {
    return requireVersion(request, bucket, address);
  } catch (reason) {
    if (!(reason instanceof S3Error) || reason.s3Code !== 'MethodNotAllowed') throw reason;
    throw new S3Error('InvalidRequest', {
      message: 'The source of a copy request may not specifically refer to a delete marker by version id.',
    });
  }
}
