import { S3Error } from '../protocol/s3-error.js';
import { childText, readXml } from '../protocol/xml-reader.js';
import type { ObjectVersion, Storage } from '../storage/storage.js';
import { requireBucket } from './bucket-access.js';
import { requireVersion } from './find-object.js';
import { readDocument } from './read-document.js';
import type { Operation, S3Request } from './request.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Until when the copies of archived versions can be read. They are made at once, and forgotten with the process. */
const readableUntilMs = new WeakMap<Storage, Map<string, number>>();

export const restoreObject: Operation = {
  name: 'RestoreObject',
  async run(request) {
    const bucket = requireBucket(request);
    const version = requireVersion(request, bucket, {
      ...request,
      versionId: request.head.parameter('versionId'),
    });
    const days = Number(childText(readXml(await readDocument(request), 'RestoreRequest'), 'Days'));
    if (!Number.isInteger(days) || days < 1) throw new S3Error('MalformedXML');
    if (!isArchived(version)) {
      throw new S3Error('InvalidObjectState', { details: { StorageClass: version.storageClass } });
    }
    const known = readableUntilMs.get(request.storage) ?? new Map<string, number>();
    readableUntilMs.set(request.storage, known);
    const isThere = restoredUntil(request, version) !== undefined;
    known.set(nameOf(request, version), request.nowMs() + days * DAY_MS);
    return { status: isThere ? 200 : 202, headers: {} };
  },
};

/** `x-amz-restore` of a version whose copy can be read. */
export function restoreHeader(request: S3Request, version: ObjectVersion): string | undefined {
  const untilMs = restoredUntil(request, version);
  if (untilMs === undefined) return undefined;
  return `ongoing-request="false", expiry-date="${new Date(untilMs).toUTCString()}"`;
}

/** Objects of the archive classes can not be read before they are restored. */
export function refuseArchived(request: S3Request, version: ObjectVersion): void {
  if (!isArchived(version) || restoredUntil(request, version) !== undefined) return;
  throw new S3Error('InvalidObjectState', { details: { StorageClass: version.storageClass } });
}

function isArchived({ storageClass }: ObjectVersion): boolean {
  return storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE';
}

function restoredUntil(request: S3Request, version: ObjectVersion): number | undefined {
  const untilMs = readableUntilMs.get(request.storage)?.get(nameOf(request, version));
  return untilMs === undefined || untilMs <= request.nowMs() ? undefined : untilMs;
}

function nameOf({ bucket }: S3Request, { key, versionId, etag, lastModifiedMs }: ObjectVersion): string {
  return JSON.stringify([bucket, key, versionId, etag, lastModifiedMs]);
}
