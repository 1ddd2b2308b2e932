import type { BucketInfo, ObjectVersion, Upload, UploadPart } from './storage.js';

/** Where bytes lie. Blobs are written once, and removed when nothing refers to them any more. */
export interface BlobStore {
  /** Keeps all bytes under a new id; on failure keeps nothing. */
  write(bytes: AsyncIterable<Uint8Array>): Promise<{ readonly blobId: string; readonly sizeBytes: number }>;
  /** The bytes from `firstByte` to `lastByte`, both included. */
  read(blobId: string, firstByte: number, lastByte: number): AsyncIterable<Uint8Array>;
  remove(blobId: string): Promise<void>;
}

/** A version with its place in the history of its key: the greatest sequence is the newest. */
export interface VersionRecord {
  readonly sequence: number;
  readonly version: ObjectVersion;
}

/** Where descriptions are kept so that they survive a restart. Each method is atomic. */
export interface RecordStore {
  putBucket(bucket: BucketInfo): Promise<void>;
  /** With all records in it. */
  removeBucket(name: string): Promise<void>;
  /** Replaces the record of the same key and version id. */
  putVersion(bucket: string, record: VersionRecord): Promise<void>;
  removeVersion(bucket: string, version: ObjectVersion): Promise<void>;
  putUpload(upload: Upload): Promise<void>;
  putPart(upload: Upload, part: UploadPart): Promise<void>;
  removeUpload(upload: Upload, parts: readonly UploadPart[]): Promise<void>;
  close(): Promise<void>;
}

/** What a record store found when it was opened. */
export interface LoadedState {
  readonly buckets: readonly BucketInfo[];
  readonly versions: readonly { readonly bucket: string; readonly record: VersionRecord }[];
  readonly uploads: readonly { readonly upload: Upload; readonly parts: readonly UploadPart[] }[];
}

export const EMPTY_STATE: LoadedState = { buckets: [], versions: [], uploads: [] };
