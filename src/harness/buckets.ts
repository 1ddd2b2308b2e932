import { deadline } from '../errors/deadline.js';
import { Failure } from '../errors/failure.js';
import type { Cleanup } from '../report/model.js';
import type { BucketAdmin } from '../s3/admin.js';
import type { Endpoint } from './endpoint-wish.js';
import type { Ledger } from './ledger.js';
import type { BucketEntry } from './ledger-line.js';
import { identifyProcess } from './processes.js';
import { bucketName } from './run-id.js';

/** Bucket tag that carries the run's id. */
export const RUN_TAG = 'objectfs-run';

/** What nobody removed goes away by itself where the server knows lifecycle rules: one day is their shortest. */
const EXPIRE_AFTER_DAYS = 1;

/** How long a clean-up may take, also after Ctrl-C; a bucket that is not empty by then stays in the ledger. */
const CLEAN_UP_LIMIT_MS = 120_000;

/** A bucket that this run has made. */
export interface OwnedBucket {
  readonly name: string;
  /** Removes it with all that is in it. Never throws: what went wrong stands in the result and in the ledger. */
  remove(): Promise<Cleanup>;
}

/**
 * Makes the bucket of a suite: `objectfs-<suite>-<run>`, tagged with the run's id, with an expiry of one day. The
 * ledger knows it before the server does.
 *
 * @throws Failure of the server, after the ledger says what became of the bucket.
 */
export async function provisionBucket(
  run: { readonly runId: string; readonly ledger: Ledger },
  endpoint: Pick<Endpoint, 'connection' | 'name' | 'pid'>,
  admin: BucketAdmin,
  suite: string,
  signal: AbortSignal,
): Promise<OwnedBucket> {
  const { runId, ledger } = run;
  const bucket = bucketName(suite, runId);
  const emulator = endpoint.pid === undefined ? undefined : await identifyProcess(endpoint.pid);
  await ledger.append({
    line: 'bucket',
    runId,
    bucket,
    endpoint: endpoint.name,
    region: endpoint.connection.region,
    forcePathStyle: endpoint.connection.forcePathStyle,
    ...(emulator === undefined ? {} : { emulator }),
  });
  try {
    const tags = { [RUN_TAG]: runId };
    const made = await admin.create(bucket, { tags, expireAfterDays: EXPIRE_AFTER_DAYS, signal });
    await ledger.append({ line: 'bucket-made', runId, bucket, isTagged: made.isTagged });
  } catch (reason) {
    await cleanUpBucket(admin, ledger, bucket, endpoint.name, deadline(CLEAN_UP_LIMIT_MS));
    throw reason;
  }
  const limit = () => deadline(CLEAN_UP_LIMIT_MS);
  return { name: bucket, remove: () => cleanUpBucket(admin, ledger, bucket, endpoint.name, limit()) };
}

/**
 * Removes a bucket of the ledger with all that is in it, and writes the outcome there.
 *
 * @param endpointName - As in the ledger: the bucket of the same name at another endpoint is not ours.
 */
export async function cleanUpBucket(
  admin: BucketAdmin,
  ledger: Ledger,
  bucket: string,
  endpointName: string,
  signal: AbortSignal,
): Promise<Cleanup> {
  const removed = { removedObjects: 0, removedUploads: 0 };
  let runId: string | undefined;
  try {
    const entry = await ownedEntry(admin, ledger, bucket, endpointName, signal);
    ({ runId } = entry);
    await removeBucket(admin, entry, removed, signal);
    await ledger.append({ line: 'bucket-gone', runId, bucket, reason: 'removed; a listing proved it' });
    return { bucket, ...removed, proven: true };
  } catch (cause) {
    const problem = Failure.from(cause).toLine();
    if (runId !== undefined || (await ledger.findBucket(bucket, endpointName)) !== undefined) {
      const run = runId ?? (await ledger.findBucket(bucket, endpointName))?.runId ?? '';
      // The entry stays open without this line: it can still be swept.
      await ledger
        .append({ line: 'bucket-left', runId: run, bucket, reason: problem })
        .catch(() => undefined);
    }
    return { bucket, ...removed, proven: false, problem };
  }
}

/**
 * The ledger's entry of a bucket that may be removed.
 *
 * @throws Failure `not-owned` where the ledger does not know it at this endpoint, or its tags are not of that run.
 */
export async function ownedEntry(
  admin: BucketAdmin,
  ledger: Ledger,
  bucket: string,
  endpointName: string,
  signal: AbortSignal,
): Promise<BucketEntry> {
  const entry = await ledger.findBucket(bucket, endpointName);
  if (entry === undefined) {
    throw notOwned(bucket, `The ledger knows no bucket ${bucket} at ${endpointName}`);
  }
  // Without a "made" line the run died between creation and tags; only an empty bucket is removed then.
  if (entry.isTagged !== true || !(await admin.exists(bucket, signal))) return entry;
  const tags = await admin.tagsOf(bucket, signal);
  if (tags[RUN_TAG] === entry.runId) return entry;
  throw notOwned(bucket, `The bucket ${bucket} does not carry the tag ${RUN_TAG}=${entry.runId}`);
}

async function removeBucket(
  admin: BucketAdmin,
  entry: BucketEntry,
  removed: { removedObjects: number; removedUploads: number },
  signal: AbortSignal,
): Promise<void> {
  const { bucket } = entry;
  if (await admin.exists(bucket, signal)) {
    if (entry.isTagged !== undefined) {
      const emptied = await admin.empty(bucket, signal);
      removed.removedObjects = emptied.objects + emptied.versions + emptied.deleteMarkers;
      removed.removedUploads = emptied.uploads;
    }
    await admin.remove(bucket, signal);
  }
  if (await isListed(admin, bucket, signal)) {
    throw new Failure('bucket-not-empty', `The bucket ${bucket} is still listed after its removal`, {
      subject: bucket,
      remedy: 'Run objectfs buckets sweep again in a minute',
    });
  }
}

/** Credentials may have no right to list all buckets: then the bucket itself is asked for. */
async function isListed(admin: BucketAdmin, bucket: string, signal: AbortSignal): Promise<boolean> {
  try {
    const buckets = await admin.listBuckets(signal);
    return buckets.some((info) => info.name === bucket);
  } catch (reason) {
    if (Failure.from(reason).kind !== 'denied') throw reason;
    return admin.exists(bucket, signal);
  }
}

function notOwned(bucket: string, message: string): Failure {
  return new Failure('not-owned', message, {
    subject: bucket,
    remedy: 'It is left alone: remove it yourself if it is yours',
  });
}
