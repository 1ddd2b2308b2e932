import type { RecordStore } from './backing.js';
import type { BodyKeeper } from './body-keeper.js';
import type { BucketState, UploadState } from './bucket-state.js';
import { noSuchUpload } from './failures.js';
import { newUploadId } from './ids.js';
import type { KeyLocks } from './key-locks.js';
import type {
  CompleteOptions,
  Condition,
  NamedPart,
  ObjectPart,
  ObjectVersion,
  StagedBody,
  StoredBody,
  Upload,
  UploadOptions,
  UploadPart,
} from './storage.js';
import type { StoredChecksum } from '../../s3/checksums/algorithm.js';
import { chooseParts, joinBodies, multipartEtag } from './upload-parts.js';
import type { VersionDesk } from './version-desk.js';

/** Multipart uploads, each changed under its own lock. */
export class UploadDesk {
  readonly #records: RecordStore;
  readonly #bodies: BodyKeeper;
  readonly #locks: KeyLocks;
  readonly #versions: VersionDesk;
  readonly #nowMs: () => number;
  readonly #minimumPartBytes: number;

  constructor(
    records: RecordStore,
    bodies: BodyKeeper,
    locks: KeyLocks,
    versions: VersionDesk,
    nowMs: () => number,
    minimumPartBytes: number,
  ) {
    this.#records = records;
    this.#bodies = bodies;
    this.#locks = locks;
    this.#versions = versions;
    this.#nowMs = nowMs;
    this.#minimumPartBytes = minimumPartBytes;
  }

  async create(bucket: BucketState, key: string, options: UploadOptions): Promise<Upload> {
    const initiatedMs = this.#nowMs();
    const upload: Upload = {
      ...options,
      bucket: bucket.info.name,
      key,
      uploadId: newUploadId(initiatedMs),
      initiatedMs,
    };
    return await bucket.writing(async () => {
      await this.#records.putUpload(upload);
      bucket.addUpload({ upload, parts: new Map() });
      return upload;
    });
  }

  async putPart(
    bucket: BucketState,
    upload: Upload,
    partNumber: number,
    staged: StagedBody,
    checksum?: StoredChecksum,
  ): Promise<UploadPart> {
    const part: UploadPart = {
      partNumber,
      sizeBytes: staged.sizeBytes,
      etag: staged.md5,
      lastModifiedMs: this.#nowMs(),
      body: staged.body,
      ...(checksum === undefined ? {} : { checksum }),
    };
    return await this.#underLock(bucket, upload, async (state) => {
      await this.#records.putPart(upload, part);
      this.#bodies.adopt(staged);
      const replaced = state.parts.get(partNumber);
      state.parts.set(partNumber, part);
      if (replaced !== undefined) await this.#bodies.release(replaced.body);
      return part;
    });
  }

  async complete(
    bucket: BucketState,
    upload: Upload,
    named: readonly NamedPart[],
    options: CompleteOptions,
  ): Promise<ObjectVersion> {
    return await this.#underLock(bucket, upload, async (state) => {
      const chosen = chooseParts(state.parts, named, this.#minimumPartBytes);
      const checksum = options.checksum?.(chosen);
      const body = joinBodies(chosen);
      this.#bodies.retain(body);
      const version = await this.#publish(bucket, upload, chosen, body, checksum, options.condition);
      await this.#drop(bucket, state);
      return version;
    });
  }

  async #publish(
    bucket: BucketState,
    upload: Upload,
    chosen: readonly UploadPart[],
    body: StoredBody,
    checksum: StoredChecksum | undefined,
    condition: Condition | undefined,
  ): Promise<ObjectVersion> {
    const { key, metadata, headers, storageClass, encryption, tags } = upload;
    const version = {
      ...{ key, metadata, headers, storageClass, tags, body },
      ...(encryption === undefined ? {} : { encryption }),
      etag: multipartEtag(chosen),
      parts: chosen.map(describePart),
      ...(checksum === undefined ? {} : { checksum }),
    };
    try {
      return await this.#versions.publish(bucket, version, condition);
    } catch (error) {
      await this.#bodies.release(body);
      throw error;
    }
  }

  async abort(bucket: BucketState, upload: Upload): Promise<void> {
    await this.#underLock(bucket, upload, async (state) => {
      await this.#drop(bucket, state);
    });
  }

  async #drop(bucket: BucketState, state: UploadState): Promise<void> {
    const parts = [...state.parts.values()];
    bucket.removeUpload(state);
    await this.#records.removeUpload(state.upload, parts);
    for (const part of parts) await this.#bodies.release(part.body);
  }

  async #underLock<T>(
    bucket: BucketState,
    upload: Upload,
    task: (state: UploadState) => Promise<T>,
  ): Promise<T> {
    return await this.#locks.run(`upload ${upload.uploadId}`, async () => {
      const state = bucket.uploads.get(upload.uploadId);
      if (state === undefined) throw noSuchUpload(upload.uploadId);
      return await bucket.writing(async () => await task(state));
    });
  }
}

function describePart(part: UploadPart): ObjectPart {
  return {
    partNumber: part.partNumber,
    sizeBytes: part.sizeBytes,
    ...(part.checksum === undefined ? {} : { checksum: part.checksum }),
  };
}
