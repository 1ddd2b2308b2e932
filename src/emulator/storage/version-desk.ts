import type { RecordStore } from './backing.js';
import type { BodyKeeper } from './body-keeper.js';
import { EMPTY_BODY } from './body-keeper.js';
import type { BucketState } from './bucket-state.js';
import { noSuchKey } from './failures.js';
import { newVersionId } from './ids.js';
import type { KeyLocks } from './key-locks.js';
import type {
  Condition,
  DeleteOutcome,
  DeleteRequest,
  ObjectDescription,
  ObjectPart,
  ObjectVersion,
  StoredBody,
} from './storage.js';
import { NULL_VERSION } from './storage.js';
import type { StoredChecksum } from '../../s3/checksums/algorithm.js';

/** What is needed to make a version beside what the desk adds (id, time, place in the history). */
export interface NewVersion extends ObjectDescription {
  readonly key: string;
  readonly etag: string;
  readonly body: StoredBody;
  readonly deleteMarker?: boolean;
  readonly checksum?: StoredChecksum;
  readonly parts?: readonly ObjectPart[];
}

const NO_DESCRIPTION: ObjectDescription = { metadata: {}, headers: {}, storageClass: 'STANDARD', tags: {} };

/** Changes to the versions of keys, each under the key's lock: condition, record, index, then the old bytes. */
export class VersionDesk {
  readonly #records: RecordStore;
  readonly #bodies: BodyKeeper;
  readonly #locks: KeyLocks;
  readonly #nowMs: () => number;
  #sequence: number;

  constructor(
    records: RecordStore,
    bodies: BodyKeeper,
    locks: KeyLocks,
    nowMs: () => number,
    lastSequence: number,
  ) {
    this.#records = records;
    this.#bodies = bodies;
    this.#locks = locks;
    this.#nowMs = nowMs;
    this.#sequence = lastSequence;
  }

  /** The references of `version.body` go over to the bucket when this succeeds. */
  async publish(bucket: BucketState, version: NewVersion, condition?: Condition): Promise<ObjectVersion> {
    return await this.#underLock(bucket, version.key, async () => {
      condition?.(currentOf(bucket, version.key));
      return await this.#put(bucket, version);
    });
  }

  async setTags(
    bucket: BucketState,
    key: string,
    versionId: string | undefined,
    tags: Readonly<Record<string, string>>,
  ): Promise<ObjectVersion> {
    return await this.#underLock(bucket, key, async () => {
      const found = versionId === undefined ? currentOf(bucket, key) : bucket.find(key, versionId);
      const sequence = found === undefined ? undefined : bucket.sequenceOf(found);
      if (found === undefined || sequence === undefined) throw noSuchKey(key, versionId);
      const version = { ...found, tags };
      await this.#records.putVersion(bucket.info.name, { sequence, version });
      bucket.add({ sequence, version });
      return version;
    });
  }

  async delete(bucket: BucketState, key: string, request: DeleteRequest): Promise<DeleteOutcome> {
    return await this.#underLock(bucket, key, async () => {
      request.condition?.(currentOf(bucket, key));
      const { versioning } = bucket.info;
      if (request.versionId !== undefined) {
        const removed = await this.#remove(bucket, bucket.find(key, request.versionId));
        return { deleteMarker: removed?.deleteMarker ?? false, versionId: request.versionId };
      }
      if (versioning === 'Disabled') {
        await this.#remove(bucket, bucket.find(key, NULL_VERSION));
        return { deleteMarker: false };
      }
      const marker = { ...NO_DESCRIPTION, key, etag: '', body: EMPTY_BODY, deleteMarker: true };
      return { deleteMarker: true, versionId: (await this.#put(bucket, marker)).versionId };
    });
  }

  async #put(bucket: BucketState, input: NewVersion): Promise<ObjectVersion> {
    const enabled = bucket.info.versioning === 'Enabled';
    const version: ObjectVersion = {
      ...input,
      deleteMarker: input.deleteMarker ?? false,
      versionId: enabled ? newVersionId() : NULL_VERSION,
      sizeBytes: input.body.sizeBytes,
      lastModifiedMs: this.#nowMs(),
    };
    this.#sequence += 1;
    const record = { sequence: this.#sequence, version };
    await this.#records.putVersion(bucket.info.name, record);
    const replaced = bucket.add(record);
    if (replaced !== undefined) await this.#bodies.release(replaced.body);
    return version;
  }

  async #remove(bucket: BucketState, version: ObjectVersion | undefined): Promise<ObjectVersion | undefined> {
    if (version === undefined) return undefined;
    await this.#records.removeVersion(bucket.info.name, version);
    bucket.remove(version);
    await this.#bodies.release(version.body);
    return version;
  }

  async #underLock<T>(bucket: BucketState, key: string, task: () => Promise<T>): Promise<T> {
    return await bucket.writing(async () => await this.#locks.run(`key ${bucket.info.name}/${key}`, task));
  }
}

function currentOf(bucket: BucketState, key: string): ObjectVersion | undefined {
  const newest = bucket.newest(key);
  return newest?.deleteMarker === true ? undefined : newest;
}
