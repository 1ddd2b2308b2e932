import type { Readable } from 'node:stream';
import type { StorageClass } from '../../config/storage-class.js';
import type { ChecksumAlgorithm, ChecksumType, StoredChecksum } from '../../s3/checksums/algorithm.js';

/** S3's version id of every object that was written while versioning was not enabled. */
export const NULL_VERSION = 'null';

export type VersioningState = 'Disabled' | 'Enabled' | 'Suspended';

/** What can be changed of a bucket. */
export interface BucketSettings {
  /** A bucket that was `Enabled` once can only be `Suspended`, as on S3; the operations check that. */
  readonly versioning: VersioningState;
  readonly tags?: Readonly<Record<string, string>>;
  /** The lifecycle configuration, the XML text as it was put. */
  readonly lifecycle?: string;
}

export interface BucketInfo extends BucketSettings {
  readonly name: string;
  readonly region: string;
  readonly createdMs: number;
}

/** Content headers that S3 keeps and returns; names in lower case (`content-type`, `cache-control`). */
export type KeptHeaders = Readonly<Record<string, string>>;

/** Kept and told again; the bytes lie on this server's disk as they are. */
export interface ObjectEncryption {
  readonly algorithm: string;
  readonly kmsKeyId?: string;
  readonly bucketKey?: boolean;
}

/** What a client says of an object beside its bytes. */
export interface ObjectDescription {
  /** `x-amz-meta-` names in lower case without the prefix. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly headers: KeptHeaders;
  readonly storageClass: StorageClass;
  /** What was asked for; absent: the default of S3, its own key. */
  readonly encryption?: ObjectEncryption;
  readonly tags: Readonly<Record<string, string>>;
}

/** A part of a finished multipart object; what `partNumber=` reads and GetObjectAttributes need. */
export interface ObjectPart {
  readonly partNumber: number;
  readonly sizeBytes: number;
  readonly checksum?: StoredChecksum;
}

/** Where bytes lie: blobs in order. Opaque to the operations. */
export interface StoredBody {
  readonly sizeBytes: number;
  readonly segments: readonly BodySegment[];
}

export interface BodySegment {
  readonly blobId: string;
  readonly sizeBytes: number;
}

/** One version of an object, or a delete marker (no bytes, empty ETag). Never changes once handed out. */
export interface ObjectVersion extends ObjectDescription {
  readonly key: string;
  readonly versionId: string;
  readonly deleteMarker: boolean;
  /** Hex without quotes: MD5 of the bytes, or `<md5 of the part md5s>-<N>`. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly lastModifiedMs: number;
  readonly checksum?: StoredChecksum;
  /** Only of objects that came from a multipart upload. */
  readonly parts?: readonly ObjectPart[];
  readonly body: StoredBody;
}

/** Bytes that are received whole but belong to no key yet. Publish or discard each one. */
export interface StagedBody {
  readonly sizeBytes: number;
  /** Hex. */
  readonly md5: string;
  readonly body: StoredBody;
}

/** Inclusive on both ends. */
export interface BodyRange {
  readonly firstByte: number;
  readonly lastByte: number;
}

/**
 * Called under the key's lock with the newest version (undefined where there is none or a delete marker is newest).
 * It throws the `Failure` that the client shall get; then nothing is changed.
 */
export type Condition = (current: ObjectVersion | undefined) => void;

export interface PublishOptions extends ObjectDescription {
  readonly checksum?: StoredChecksum;
  readonly condition?: Condition;
}

export interface DeleteRequest {
  /** Absent: the newest, by the rules of the bucket's versioning state. */
  readonly versionId?: string;
  readonly condition?: Condition;
}

/** What DeleteObject answers in `x-amz-delete-marker` and `x-amz-version-id`. */
export interface DeleteOutcome {
  /** True where a delete marker was made, or where the version that was removed was one. */
  readonly deleteMarker: boolean;
  /** The marker that was made or the version that was named. Absent in a bucket without versioning. */
  readonly versionId?: string;
}

export interface ListRequest {
  readonly prefix: string;
  /** Empty: no folding. */
  readonly delimiter: string;
  /**
   * Only what comes after it in the order of UTF-8 bytes: a key, or a folded prefix that was the last item of the
   * page before (then everything below it is left out). Empty: from the start.
   */
  readonly after: string;
  /** Most keys and prefixes together. */
  readonly maxKeys: number;
}

export type ListEntry =
  | { readonly kind: 'object'; readonly version: ObjectVersion }
  | { readonly kind: 'prefix'; readonly prefix: string };

export interface ListResult {
  /** Keys and folded prefixes, merged in order. */
  readonly entries: readonly ListEntry[];
  readonly truncated: boolean;
  /** `after` of the next page; only where `truncated`. */
  readonly next?: string;
}

export interface VersionListRequest {
  readonly prefix: string;
  readonly delimiter: string;
  /** Empty: from the start. */
  readonly keyMarker: string;
  /** Go on behind this version of `keyMarker`. Empty: behind all versions of it. */
  readonly versionIdMarker: string;
  readonly maxKeys: number;
}

export type VersionListEntry =
  | { readonly kind: 'version'; readonly version: ObjectVersion; readonly isLatest: boolean }
  | { readonly kind: 'prefix'; readonly prefix: string };

export interface VersionListResult {
  readonly entries: readonly VersionListEntry[];
  readonly truncated: boolean;
  readonly nextKeyMarker?: string;
  /** Absent where the last item was a folded prefix. */
  readonly nextVersionIdMarker?: string;
}

/** What CreateMultipartUpload fixes for the object to come. */
export interface UploadOptions extends ObjectDescription {
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
}

export interface Upload extends UploadOptions {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedMs: number;
}

export interface UploadPart {
  readonly partNumber: number;
  readonly sizeBytes: number;
  /** Hex MD5 without quotes. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly checksum?: StoredChecksum;
  readonly body: StoredBody;
}

export interface UploadListRequest {
  readonly prefix: string;
  readonly delimiter: string;
  readonly keyMarker: string;
  /** Counts only together with `keyMarker`. */
  readonly uploadIdMarker: string;
  readonly maxUploads: number;
}

export type UploadListEntry =
  { readonly kind: 'upload'; readonly upload: Upload } | { readonly kind: 'prefix'; readonly prefix: string };

export interface UploadListResult {
  readonly entries: readonly UploadListEntry[];
  readonly truncated: boolean;
  readonly nextKeyMarker?: string;
  readonly nextUploadIdMarker?: string;
}

/** One line of CompleteMultipartUpload. */
export interface NamedPart {
  readonly partNumber: number;
  /** Hex without quotes. */
  readonly etag: string;
}

export interface CompleteOptions {
  /** Called with the chosen parts before publishing, for the checksum of the whole; may throw. */
  readonly checksum?: (parts: readonly UploadPart[]) => StoredChecksum | undefined;
  readonly condition?: Condition;
}

/**
 * Where the embedded server keeps buckets, versions and uploads. Lookups are synchronous (descriptions are held in
 * memory by every implementation), so that a lookup and the `read` that follows it in the same turn see one state.
 *
 * Failures carry S3's `code` and `status`: `missing-bucket` (NoSuchBucket), `missing` (NoSuchKey, NoSuchVersion),
 * `missing-upload` (NoSuchUpload), `bucket-exists` (BucketAlreadyOwnedByYou), `bucket-not-empty` (BucketNotEmpty),
 * `invalid-request` (InvalidPart, InvalidPartOrder, EntityTooSmall).
 */
export interface Storage {
  createBucket(name: string, region: string): Promise<BucketInfo>;
  deleteBucket(name: string): Promise<void>;
  /** In the order of names. */
  listBuckets(): readonly BucketInfo[];
  findBucket(name: string): BucketInfo | undefined;
  updateBucket(name: string, change: (current: BucketInfo) => BucketSettings): Promise<BucketInfo>;

  /** Receives a whole body. On failure or abort of `bytes` nothing is kept and the reason is thrown on. */
  stage(bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<StagedBody>;
  /** As `stage`, from bytes that are already here; a whole plain object is shared and not copied. */
  stageCopy(source: ObjectVersion, range?: BodyRange, signal?: AbortSignal): Promise<StagedBody>;
  /** Frees a staged body that is not published. Publishing that failed has already done it. */
  discard(staged: StagedBody): Promise<void>;

  /** Makes `staged` the newest version of `key`, at once and whole. */
  publish(bucket: string, key: string, staged: StagedBody, options: PublishOptions): Promise<ObjectVersion>;
  /** The newest version (it may be a delete marker), or the one that is named. */
  findVersion(bucket: string, key: string, versionId?: string): ObjectVersion | undefined;
  /**
   * The bytes as a stream that stays whole when the object is replaced meanwhile. Call it in the same turn as the
   * lookup. Consume or destroy the stream.
   */
  read(version: ObjectVersion, range?: BodyRange): Readable;
  setTags(
    bucket: string,
    key: string,
    versionId: string | undefined,
    tags: Readonly<Record<string, string>>,
  ): Promise<ObjectVersion>;
  delete(bucket: string, key: string, request?: DeleteRequest): Promise<DeleteOutcome>;
  list(bucket: string, request: ListRequest): ListResult;
  listVersions(bucket: string, request: VersionListRequest): VersionListResult;

  createUpload(bucket: string, key: string, options: UploadOptions): Promise<Upload>;
  /** The upload of exactly this bucket and key. */
  findUpload(bucket: string, key: string, uploadId: string): Upload | undefined;
  putPart(
    upload: Upload,
    partNumber: number,
    staged: StagedBody,
    checksum?: StoredChecksum,
  ): Promise<UploadPart>;
  /** In the order of part numbers. */
  listParts(upload: Upload): readonly UploadPart[];
  listUploads(bucket: string, request: UploadListRequest): UploadListResult;
  /** Checks presence, ETags, order and the least size of the parts, then publishes without copying bytes. */
  completeUpload(
    upload: Upload,
    parts: readonly NamedPart[],
    options?: CompleteOptions,
  ): Promise<ObjectVersion>;
  abortUpload(upload: Upload): Promise<void>;

  /** Ends the use of files and locks; bytes in memory are dropped. */
  close(): Promise<void>;
}

export interface StorageOptions {
  /** @defaultValue `Date.now` */
  readonly nowMs?: () => number;
  /** Least size of every part but the last. @defaultValue 5 MiB, as on S3. */
  readonly minimumPartBytes?: number;
}
