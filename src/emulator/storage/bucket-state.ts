import type { LoadedState, VersionRecord } from './backing.js';
import { toSortable } from './key-order.js';
import { SortedMap } from './sorted-map.js';
import type { BucketInfo, ObjectVersion, Upload, UploadPart } from './storage.js';

/** All versions of one key, the newest last. */
export interface KeyHistory {
  readonly sortable: string;
  readonly records: VersionRecord[];
}

export interface UploadState {
  readonly upload: Upload;
  readonly parts: Map<number, UploadPart>;
}

/** One bucket in memory: its description, the ordered index of its keys, its open uploads. */
export class BucketState {
  info: BucketInfo;
  #pendingWrites = 0;
  readonly keys = new SortedMap<KeyHistory>();
  readonly uploads = new Map<string, UploadState>();
  /** Uploads of a key in the order of their ids, which is that of their start. */
  readonly uploadsByKey = new SortedMap<{ readonly sortable: string; readonly states: UploadState[] }>();

  constructor(info: BucketInfo) {
    this.info = info;
  }

  get isEmpty(): boolean {
    return this.keys.size === 0 && this.#pendingWrites === 0;
  }

  /** Runs a write; meanwhile the bucket does not count as empty and can not be deleted. */
  async writing<T>(task: () => Promise<T>): Promise<T> {
    this.#pendingWrites += 1;
    try {
      return await task();
    } finally {
      this.#pendingWrites -= 1;
    }
  }

  newest(key: string): ObjectVersion | undefined {
    return this.keys.get(toSortable(key))?.records.at(-1)?.version;
  }

  find(key: string, versionId: string): ObjectVersion | undefined {
    const records = this.keys.get(toSortable(key))?.records;
    return records?.find(({ version }) => version.versionId === versionId)?.version;
  }

  /** Adds a record in its order; answers with the version of the same id that it replaced. */
  add(record: VersionRecord): ObjectVersion | undefined {
    const { version } = record;
    const replaced = this.find(version.key, version.versionId);
    if (replaced !== undefined) this.remove(replaced);
    const sortable = toSortable(version.key);
    const history = this.keys.get(sortable) ?? { sortable, records: [] };
    let at = history.records.length;
    while (at > 0 && (history.records[at - 1]?.sequence ?? 0) > record.sequence) at -= 1;
    history.records.splice(at, 0, record);
    this.keys.set(sortable, history);
    return replaced;
  }

  sequenceOf(version: ObjectVersion): number | undefined {
    const records = this.keys.get(toSortable(version.key))?.records;
    return records?.find((record) => record.version === version)?.sequence;
  }

  remove(version: ObjectVersion): void {
    const sortable = toSortable(version.key);
    const history = this.keys.get(sortable);
    if (history === undefined) return;
    const at = history.records.findIndex((record) => record.version === version);
    if (at >= 0) history.records.splice(at, 1);
    if (history.records.length === 0) this.keys.delete(sortable);
  }

  addUpload(state: UploadState): void {
    const sortable = toSortable(state.upload.key);
    const entry = this.uploadsByKey.get(sortable) ?? { sortable, states: [] };
    entry.states.push(state);
    entry.states.sort((a, b) => (a.upload.uploadId < b.upload.uploadId ? -1 : 1));
    this.uploadsByKey.set(sortable, entry);
    this.uploads.set(state.upload.uploadId, state);
  }

  removeUpload(state: UploadState): void {
    const sortable = toSortable(state.upload.key);
    const states = this.uploadsByKey.get(sortable)?.states ?? [];
    const at = states.indexOf(state);
    if (at >= 0) states.splice(at, 1);
    if (states.length === 0) this.uploadsByKey.delete(sortable);
    this.uploads.delete(state.upload.uploadId);
  }
}

/** The buckets of a loaded state, and the greatest sequence in it. */
export function restoreBuckets(loaded: LoadedState): {
  readonly buckets: Map<string, BucketState>;
  readonly lastSequence: number;
} {
  const buckets = new Map(loaded.buckets.map((info) => [info.name, new BucketState(info)]));
  let lastSequence = 0;
  for (const { bucket, record } of loaded.versions) {
    buckets.get(bucket)?.add(record);
    lastSequence = Math.max(lastSequence, record.sequence);
  }
  for (const { upload, parts } of loaded.uploads) {
    buckets
      .get(upload.bucket)
      ?.addUpload({ upload, parts: new Map(parts.map((part) => [part.partNumber, part])) });
  }
  return { buckets, lastSequence };
}
