import { Failure } from '../errors/failure.js';
import { deleteBatch } from './bulk-delete.js';
import type { S3Caller } from './caller.js';
import { listingMethods } from './listing.js';
import type { DeleteProblem, OpenUpload } from './store.js';
import { listVersionPages, type ListedVersion } from './versions.js';

/** What was removed; a last listing found nothing more. */
export interface EmptiedBucket {
  readonly objects: number;
  /** Versions that were not the latest. */
  readonly versions: number;
  readonly deleteMarkers: number;
  readonly uploads: number;
}

/**
 * Rounds of "list all, delete all". The second proves that nothing is left; more are for writers that were still at
 * work, and end, so that a bucket in use is told and not fought over.
 */
const MAX_ROUNDS = 5;

/** Removes everything from a bucket. @throws Failure `bucket-not-empty` with what is left and why. */
export async function emptyBucket(
  caller: S3Caller,
  bucket: string,
  signal: AbortSignal | undefined,
): Promise<EmptiedBucket> {
  const removed = { objects: 0, versions: 0, deleteMarkers: 0, uploads: 0 };
  let problems: readonly DeleteProblem[] = [];
  let found = 0;
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    problems = [];
    found = 0;
    for (const upload of await listingMethods(caller, bucket).listUploads('', optional(signal))) {
      found += 1;
      if (await abortUpload(caller, bucket, upload, signal)) removed.uploads += 1;
    }
    for await (const page of listVersionPages(caller, bucket, signal)) {
      found += page.length;
      const failed = await deleteBatch(caller, bucket, page, signal);
      problems = [...problems, ...failed].slice(0, 10);
      count(removed, page, failed);
    }
    if (found === 0) return removed;
  }
  const first = problems[0];
  const why = first === undefined ? 'somebody writes to it' : `${first.key}: ${first.code} ${first.message}`;
  throw new Failure('bucket-not-empty', `The bucket ${bucket} does not get empty: ${found} left (${why})`, {
    subject: bucket,
    remedy: 'Stop what writes to it, or check the right to delete objects and versions',
  });
}

function count(
  removed: { objects: number; versions: number; deleteMarkers: number },
  page: readonly ListedVersion[],
  failed: readonly DeleteProblem[],
): void {
  const failedKeys = new Set(failed.map(({ key }) => key));
  for (const version of page) {
    if (failedKeys.has(version.key)) continue;
    if (version.isDeleteMarker) removed.deleteMarkers += 1;
    else if (version.isLatest) removed.objects += 1;
    else removed.versions += 1;
  }
}

/** `false` where the upload was gone already. */
async function abortUpload(
  caller: S3Caller,
  bucket: string,
  { key, uploadId }: OpenUpload,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await caller.call(caller.about('AbortMultipartUpload', bucket, key), signal, (client, send) =>
      client.abortMultipartUpload({ Bucket: bucket, Key: key, UploadId: uploadId }, send),
    );
    return true;
  } catch (reason) {
    const failure = Failure.from(reason);
    if (failure.kind === 'missing-upload') return false;
    throw failure;
  }
}

function optional(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
