import type { Readable } from 'node:stream';
import type { StoredChecksum } from '../../s3/checksums/algorithm.js';
import type { BlobStore, LoadedState, RecordStore } from './backing.js';
import { BodyKeeper } from './body-keeper.js';
import { BucketState, restoreBuckets } from './bucket-state.js';
import { bucketExists, bucketNotEmpty, invalidRequest, noSuchBucket } from './failures.js';
import { KeyLocks } from './key-locks.js';
import { listObjects, listUploads, listVersions } from './listing.js';
import type * as Contract from './storage.js';
import { UploadDesk } from './upload-desk.js';
import { MINIMUM_PART_BYTES } from './upload-parts.js';
import { VersionDesk } from './version-desk.js';

/**
 * The storage over any pair of blob store and record store: all descriptions are in memory and in order, bytes and
 * durable records are the pair's affair.
 */
export class IndexedStorage implements Contract.Storage {
  readonly #buckets: Map<string, BucketState>;
  readonly #records: RecordStore;
  readonly #bodies: BodyKeeper;
  readonly #locks = new KeyLocks();
  readonly #versions: VersionDesk;
  readonly #uploads: UploadDesk;
  readonly #nowMs: () => number;

  constructor(blobs: BlobStore, records: RecordStore, loaded: LoadedState, options: Contract.StorageOptions) {
    const { buckets, lastSequence } = restoreBuckets(loaded);
    this.#nowMs = options.nowMs ?? Date.now;
    this.#buckets = buckets;
    this.#records = records;
    this.#bodies = new BodyKeeper(blobs, loaded);
    this.#versions = new VersionDesk(records, this.#bodies, this.#locks, this.#nowMs, lastSequence);
    this.#uploads = new UploadDesk(
      records,
      this.#bodies,
      this.#locks,
      this.#versions,
      this.#nowMs,
      options.minimumPartBytes ?? MINIMUM_PART_BYTES,
    );
  }

  async createBucket(name: string, region: string): Promise<Contract.BucketInfo> {
    // Names become folder names; the full rules of S3 are the operations' affair.
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
      throw invalidRequest('InvalidBucketName', 'The specified bucket is not valid.', name);
    }
    return await this.#locks.run(`bucket ${name}`, async () => {
      if (this.#buckets.has(name)) throw bucketExists(name);
      const info = { name, region, createdMs: this.#nowMs(), versioning: 'Disabled' as const };
      await this.#records.putBucket(info);
      this.#buckets.set(name, new BucketState(info));
      return info;
    });
  }

  async deleteBucket(name: string): Promise<void> {
    await this.#locks.run(`bucket ${name}`, async () => {
      const bucket = this.#bucket(name);
      if (!bucket.isEmpty) throw bucketNotEmpty(name);
      this.#buckets.delete(name);
      await this.#records.removeBucket(name);
      // S3 lets a bucket go with unfinished uploads in it; their bytes go with it.
      for (const { parts } of bucket.uploads.values()) {
        for (const part of parts.values()) await this.#bodies.release(part.body);
      }
      bucket.uploads.clear();
    });
  }

  listBuckets(): readonly Contract.BucketInfo[] {
    const all = [...this.#buckets.values()].map((bucket) => bucket.info);
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  findBucket(name: string): Contract.BucketInfo | undefined {
    return this.#buckets.get(name)?.info;
  }

  async updateBucket(
    name: string,
    change: (current: Contract.BucketInfo) => Contract.BucketSettings,
  ): Promise<Contract.BucketInfo> {
    return await this.#locks.run(`bucket ${name}`, async () => {
      const bucket = this.#bucket(name);
      const { region, createdMs } = bucket.info;
      const { versioning, tags, lifecycle } = change(bucket.info);
      const info: Contract.BucketInfo = {
        name,
        region,
        createdMs,
        versioning,
        ...(tags === undefined ? {} : { tags }),
        ...(lifecycle === undefined ? {} : { lifecycle }),
      };
      await this.#records.putBucket(info);
      bucket.info = info;
      return info;
    });
  }

  async stage(bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<Contract.StagedBody> {
    return await this.#bodies.stage(bytes, signal);
  }

  async stageCopy(
    source: Contract.ObjectVersion,
    range?: Contract.BodyRange,
    signal?: AbortSignal,
  ): Promise<Contract.StagedBody> {
    return await this.#bodies.stageCopy(source, range, signal);
  }

  async discard(staged: Contract.StagedBody): Promise<void> {
    await this.#bodies.discard(staged);
  }

  async publish(
    bucket: string,
    key: string,
    staged: Contract.StagedBody,
    options: Contract.PublishOptions,
  ): Promise<Contract.ObjectVersion> {
    const { condition, ...description } = options;
    return await this.#spend(staged, async () => {
      const version = { ...description, key, etag: staged.md5, body: staged.body };
      const published = await this.#versions.publish(this.#bucket(bucket), version, condition);
      this.#bodies.adopt(staged);
      return published;
    });
  }

  findVersion(bucket: string, key: string, versionId?: string): Contract.ObjectVersion | undefined {
    const state = this.#bucket(bucket);
    return versionId === undefined ? state.newest(key) : state.find(key, versionId);
  }

  read(version: Contract.ObjectVersion, range?: Contract.BodyRange): Readable {
    return this.#bodies.read(version.body, range);
  }

  async setTags(
    bucket: string,
    key: string,
    versionId: string | undefined,
    tags: Readonly<Record<string, string>>,
  ): Promise<Contract.ObjectVersion> {
    return await this.#versions.setTags(this.#bucket(bucket), key, versionId, tags);
  }

  async delete(
    bucket: string,
    key: string,
    request: Contract.DeleteRequest = {},
  ): Promise<Contract.DeleteOutcome> {
    return await this.#versions.delete(this.#bucket(bucket), key, request);
  }

  list(bucket: string, request: Contract.ListRequest): Contract.ListResult {
    return listObjects(this.#bucket(bucket), request);
  }

  listVersions(bucket: string, request: Contract.VersionListRequest): Contract.VersionListResult {
    return listVersions(this.#bucket(bucket), request);
  }

  async createUpload(bucket: string, key: string, options: Contract.UploadOptions): Promise<Contract.Upload> {
    return await this.#uploads.create(this.#bucket(bucket), key, options);
  }

  findUpload(bucket: string, key: string, uploadId: string): Contract.Upload | undefined {
    const upload = this.#bucket(bucket).uploads.get(uploadId)?.upload;
    return upload?.key === key ? upload : undefined;
  }

  async putPart(
    upload: Contract.Upload,
    partNumber: number,
    staged: Contract.StagedBody,
    checksum?: StoredChecksum,
  ): Promise<Contract.UploadPart> {
    return await this.#spend(staged, async () => {
      const bucket = this.#bucket(upload.bucket);
      return await this.#uploads.putPart(bucket, upload, partNumber, staged, checksum);
    });
  }

  listParts(upload: Contract.Upload): readonly Contract.UploadPart[] {
    const parts = this.#bucket(upload.bucket).uploads.get(upload.uploadId)?.parts.values() ?? [];
    return [...parts].sort((a, b) => a.partNumber - b.partNumber);
  }

  listUploads(bucket: string, request: Contract.UploadListRequest): Contract.UploadListResult {
    return listUploads(this.#bucket(bucket), request);
  }

  async completeUpload(
    upload: Contract.Upload,
    parts: readonly Contract.NamedPart[],
    options: Contract.CompleteOptions = {},
  ): Promise<Contract.ObjectVersion> {
    return await this.#uploads.complete(this.#bucket(upload.bucket), upload, parts, options);
  }

  async abortUpload(upload: Contract.Upload): Promise<void> {
    await this.#uploads.abort(this.#bucket(upload.bucket), upload);
  }

  async close(): Promise<void> {
    this.#buckets.clear();
    await this.#records.close();
  }

  /** Runs what takes over a staged body; where it fails, the body is discarded. */
  async #spend<T>(staged: Contract.StagedBody, task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      await this.#bodies.discard(staged);
      throw error;
    }
  }

  #bucket(name: string): BucketState {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw noSuchBucket(name);
    return bucket;
  }
}
