import { S3Error } from '../protocol/s3-error.js';
import type { BodyRange, BucketInfo, ObjectVersion } from '../storage/storage.js';
import { requireBucket } from './bucket-access.js';
import { checksumHeaders } from './checksum-headers.js';
import { conditionFields, evaluate, preconditionFailed, rangeCounts } from './conditions.js';
import { requireVersion } from './find-object.js';
import { objectHeaders, validators, versionHeader } from './object-headers.js';
import { selectPart } from './part-number.js';
import { contentRange, selectRange } from './range.js';
import type { Operation, Reply, S3Request } from './request.js';
import { refuseArchived, restoreHeader } from './restore-object.js';

/** What is sent of an object. */
interface Selection {
  /** Absent: the whole object. */
  readonly range?: BodyRange;
  /** Only where one part was asked for of an object that has parts. */
  readonly partsCount?: number;
}

export const getObject: Operation = {
  name: 'GetObject',
  run: (request) => Promise.resolve(readObject(request, true)),
};

export const headObject: Operation = {
  name: 'HeadObject',
  run: (request) => Promise.resolve(readObject(request, false)),
};

/** In one turn from lookup to opened stream: the storage promises one state for that. */
function readObject(request: S3Request, withBody: boolean): Reply {
  const { head } = request;
  const bucket = requireBucket(request);
  const version = requireVersion(request, bucket, { ...request, versionId: head.parameter('versionId') });
  const condition = evaluate(conditionFields(head, ''), version);
  if (!condition.holds) {
    if (condition.status === 412) throw preconditionFailed(condition.field);
    return {
      status: 304,
      headers: { ...validators(version), 'x-amz-version-id': versionHeader(bucket, version) },
    };
  }
  if (withBody) refuseArchived(request, version);
  const selection = select(request, version);
  const reply = describe(request, bucket, version, selection);
  return withBody ? { ...reply, body: request.storage.read(version, selection.range) } : reply;
}

function select(request: S3Request, version: ObjectVersion): Selection {
  const { head } = request;
  const partNumber = head.parameter('partNumber');
  const rangeHeader = head.header('range');
  if (partNumber === undefined) {
    if (!rangeCounts(head.header('if-range'), version)) return {};
    const range = selectRange(rangeHeader, version.sizeBytes);
    return range === undefined ? {} : { range };
  }
  if (rangeHeader !== undefined) {
    throw new S3Error('InvalidRequest', {
      message: 'Cannot specify both Range header and partNumber query parameter',
    });
  }
  return selectPart(partNumber, version);
}

function describe(
  request: S3Request,
  bucket: BucketInfo,
  version: ObjectVersion,
  selection: Selection,
): Reply {
  const { range, partsCount } = selection;
  const lengthBytes = range === undefined ? version.sizeBytes : range.lastByte - range.firstByte + 1;
  const whole = range === undefined;
  return {
    status: whole ? 200 : 206,
    headers: {
      ...objectHeaders(request.head, bucket, version),
      ...(request.head.header('x-amz-checksum-mode') === 'ENABLED' && whole
        ? checksumHeaders(version.checksum)
        : {}),
      'x-amz-restore': restoreHeader(request, version),
      'content-length': String(lengthBytes),
      'content-range': whole ? undefined : contentRange(range, version.sizeBytes),
      'x-amz-mp-parts-count': partsCount === undefined ? undefined : String(partsCount),
    },
  };
}
