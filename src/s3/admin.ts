import type { BucketLocationConstraint, S3 } from '@aws-sdk/client-s3';
import { Failure } from '../errors/failure.js';
import { retrying } from './backoff.js';
import { deleteBatch } from './bulk-delete.js';
import { createCaller, type S3Caller, type SendOptions } from './caller.js';
import type { StoreOptions } from './client.js';
import type { S3Connection } from './connection.js';
import { emptyBucket, type EmptiedBucket } from './emptying.js';
import type { DeleteProblem } from './store.js';
import { listVersionPages, type ListedVersion } from './versions.js';

export interface BucketInfo {
  readonly name: string;
  /** Absent where the server does not say. */
  readonly createdMs?: number;
}

export interface CreateBucketOptions {
  readonly tags?: Readonly<Record<string, string>>;
  /** Lifecycle rule: objects, old versions and open uploads go away after this many days. */
  readonly expireAfterDays?: number;
  /** @defaultValue the region of the connection. */
  readonly region?: string;
  readonly signal?: AbortSignal;
}

/** What a server without tags or lifecycle rules could not keep; the bucket is there all the same. */
export interface CreatedBucket {
  readonly isTagged: boolean;
  readonly expires: boolean;
}

/** Requests on buckets as such. Transient failures are tried again; all others arrive as a `Failure`. */
export interface BucketAdmin {
  listBuckets(signal?: AbortSignal): Promise<readonly BucketInfo[]>;
  /** `false` only where the server says so; a bucket of somebody else is a failure `denied`. */
  exists(bucket: string, signal?: AbortSignal): Promise<boolean>;
  /** @throws Failure `bucket-exists`, also where it is the caller's own. */
  create(bucket: string, options?: CreateBucketOptions): Promise<CreatedBucket>;
  /** Removes an empty bucket. @throws Failure `bucket-not-empty`, `missing-bucket`. */
  remove(bucket: string, signal?: AbortSignal): Promise<void>;
  /** Empty where the bucket has no tags or the server knows none. */
  tagsOf(bucket: string, signal?: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** Every version and delete marker, a page (up to 1,000) at a time. */
  listVersions(bucket: string, signal?: AbortSignal): AsyncIterable<readonly ListedVersion[]>;
  deleteVersions(
    bucket: string,
    versions: readonly ListedVersion[],
    signal?: AbortSignal,
  ): Promise<readonly DeleteProblem[]>;
  /** Removes objects, versions, delete markers and open uploads, and proves by listing that none is left. */
  empty(bucket: string, signal?: AbortSignal): Promise<EmptiedBucket>;
  close(): void;
}

/** Makes the administration of a connection's buckets; loads and connects at the first call. */
export function createBucketAdmin(connection: S3Connection, options: StoreOptions = {}): BucketAdmin {
  const caller = retryingCaller(createCaller(connection, options, options.log));
  return {
    listBuckets: (signal) => listBuckets(caller, signal),
    exists: (bucket, signal) => bucketExists(caller, bucket, signal),
    create: (bucket, create = {}) => createBucket(caller, connection, bucket, create),
    async remove(bucket, signal) {
      await caller.call(caller.about('DeleteBucket', bucket), signal, (client, send) =>
        client.deleteBucket({ Bucket: bucket }, send),
      );
    },
    tagsOf: (bucket, signal) => tagsOf(caller, bucket, signal),
    listVersions: (bucket, signal) => listVersionPages(caller, bucket, signal),
    deleteVersions: (bucket, versions, signal) => deleteBatch(caller, bucket, versions, signal),
    empty: (bucket, signal) => emptyBucket(caller, bucket, signal),
    close: () => {
      caller.close();
    },
  };
}

function retryingCaller(caller: S3Caller): S3Caller {
  const call: S3Caller['call'] = (subject, signal, send) =>
    retrying(() => caller.call(subject, signal, send), { signal, policy: { maxTotalMs: 20_000 } });
  return { ...caller, call };
}

async function listBuckets(
  caller: S3Caller,
  signal: AbortSignal | undefined,
): Promise<readonly BucketInfo[]> {
  const buckets: BucketInfo[] = [];
  let token: string | undefined;
  do {
    const page = token === undefined ? {} : { ContinuationToken: token };
    const reply = await caller.call(caller.about('ListBuckets'), signal, (client, send) =>
      client.listBuckets(page, send),
    );
    for (const { Name: name, CreationDate: created } of reply.Buckets ?? []) {
      if (name !== undefined) buckets.push(created ? { name, createdMs: created.getTime() } : { name });
    }
    token = reply.ContinuationToken === token ? undefined : reply.ContinuationToken;
  } while (token !== undefined);
  return buckets;
}

async function bucketExists(
  caller: S3Caller,
  bucket: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await caller.call(caller.about('HeadBucket', bucket), signal, (client, send) =>
      client.headBucket({ Bucket: bucket }, send),
    );
    return true;
  } catch (reason) {
    const failure = Failure.from(reason);
    if (failure.kind === 'missing-bucket') return false;
    throw failure;
  }
}

async function createBucket(
  caller: S3Caller,
  connection: S3Connection,
  bucket: string,
  options: CreateBucketOptions,
): Promise<CreatedBucket> {
  const { signal, tags, expireAfterDays } = options;
  // us-east-1 answers 200 for a bucket that the caller already has (S3 API reference, CreateBucket).
  if (await bucketExists(caller, bucket, signal)) {
    throw new Failure('bucket-exists', `The bucket ${bucket} exists already`, {
      subject: bucket,
      remedy: 'Choose another bucket name',
    });
  }
  await sendCreate(caller, bucket, options.region ?? connection.region, connection, signal);
  try {
    const isTagged = tags === undefined || (await ifSupported(putTags(caller, bucket, tags, signal)));
    const expires =
      expireAfterDays === undefined ||
      (await ifSupported(putExpiry(caller, bucket, expireAfterDays, signal)));
    return { isTagged: isTagged && tags !== undefined, expires: expires && expireAfterDays !== undefined };
  } catch (reason) {
    // Half made is not made; if this fails too, the first failure is the one to tell.
    const gone = (client: S3, send: SendOptions) => client.deleteBucket({ Bucket: bucket }, send);
    await caller.call(caller.about('DeleteBucket', bucket), undefined, gone).catch(() => undefined);
    throw reason;
  }
}

/** The region goes into the body except for us-east-1; servers other than AWS may know no regions at all. */
async function sendCreate(
  caller: S3Caller,
  bucket: string,
  region: string,
  connection: S3Connection,
  signal: AbortSignal | undefined,
): Promise<void> {
  const subject = caller.about('CreateBucket', bucket);
  // The SDK lists the regions of its day as a type; a newer one is as good.
  const LocationConstraint = region as BucketLocationConstraint;
  const configuration = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint } };
  try {
    await caller.call(subject, signal, (client, send) =>
      client.createBucket({ Bucket: bucket, ...configuration }, send),
    );
  } catch (reason) {
    const failure = Failure.from(reason);
    const isRegionUnknown = /LocationConstraint/.test(failure.code ?? '');
    if (!isRegionUnknown || connection.endpoint === undefined) throw failure;
    await caller.call(subject, signal, (client, send) => client.createBucket({ Bucket: bucket }, send));
  }
}

async function putTags(
  caller: S3Caller,
  bucket: string,
  tags: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  await caller.call(caller.about('PutBucketTagging', bucket), signal, (client, send) =>
    client.putBucketTagging({ Bucket: bucket, Tagging: { TagSet } }, send),
  );
}

async function putExpiry(
  caller: S3Caller,
  bucket: string,
  days: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const rule = {
    ID: 'objectfs-expiry',
    Status: 'Enabled' as const,
    Filter: { Prefix: '' },
    Expiration: { Days: days },
    NoncurrentVersionExpiration: { NoncurrentDays: days },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: days },
  };
  await caller.call(caller.about('PutBucketLifecycleConfiguration', bucket), signal, (client, send) =>
    client.putBucketLifecycleConfiguration(
      { Bucket: bucket, LifecycleConfiguration: { Rules: [rule] } },
      send,
    ),
  );
}

async function ifSupported(request: Promise<void>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (reason) {
    const failure = Failure.from(reason);
    if (failure.kind === 'unsupported') return false;
    throw failure;
  }
}

async function tagsOf(
  caller: S3Caller,
  bucket: string,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, string>>> {
  try {
    const reply = await caller.call(caller.about('GetBucketTagging', bucket), signal, (client, send) =>
      client.getBucketTagging({ Bucket: bucket }, send),
    );
    return Object.fromEntries((reply.TagSet ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
  } catch (reason) {
    const failure = Failure.from(reason);
    if (failure.code === 'NoSuchTagSet' || failure.kind === 'unsupported') return {};
    throw failure;
  }
}
