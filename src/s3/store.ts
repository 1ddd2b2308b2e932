import type { Readable } from 'node:stream';
import type { StorageClass } from '../config/storage-class.js';
import type { StoredChecksum } from './checksums/algorithm.js';

/** User metadata: `x-amz-meta-` names in lower case without the prefix. S3 allows 2 KB in sum. */
export type UserMetadata = Readonly<Record<string, string>>;

/** Content headers that S3 keeps with an object and that a rewrite must not lose. */
export interface ContentHeaders {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentDisposition?: string;
  readonly contentLanguage?: string;
  readonly cacheControl?: string;
  readonly expires?: string;
}

/**
 * How the service encrypts an object. With keys of the client (SSE-C) it can neither be read nor copied without them, so
 * such objects are not told here: HEAD of one fails.
 */
export interface ObjectEncryption {
  /** `x-amz-server-side-encryption`: `AES256`, `aws:kms`, `aws:kms:dsse`, or what else the server says. */
  readonly algorithm: string;
  /** Absent: the key of the service. */
  readonly kmsKeyId?: string;
  readonly bucketKey?: boolean;
}

/** What HEAD or the headers of a GET say of an object. */
export interface ObjectHead {
  readonly key: string;
  /** Length of the whole object, also when a range was read. */
  readonly sizeBytes: number;
  /** With its quotes, as in the header. */
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly metadata: UserMetadata;
  readonly headers: ContentHeaders;
  readonly storageClass: StorageClass;
  /** Absent where the server says nothing of it. */
  readonly encryption?: ObjectEncryption;
  /** Absent where there are none, or the server tells none. */
  readonly tagCount?: number;
  readonly versionId?: string;
  /** Begin of the second, on the server's clock, in which it answered; absent where it did not say. */
  readonly repliedAtMs?: number;
  /** Number of parts, only where the request asked for one part. */
  readonly partsCount?: number;
  /** Length of the part that was asked for. */
  readonly partSizeBytes?: number;
  /** What the store keeps of the whole object; only where the request asked for it and there is one. */
  readonly checksum?: StoredChecksum;
  /** `x-amz-restore` as it came: whether a copy of an archived object is being made, or until when there is one. */
  readonly restore?: string;
}

/** Inclusive on both ends, as in RFC 9110 section 14.1.2. */
export interface ByteRange {
  readonly firstByte: number;
  readonly lastByte: number;
}

export interface ReadConditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}

export interface WriteConditions {
  /** Replace only this ETag; refused where the capability probe found no conditional writes. */
  readonly ifMatch?: string;
  /** `true` sends `If-None-Match: *`: create, never replace. */
  readonly ifAbsent?: boolean;
}

export interface Cancellable {
  readonly signal?: AbortSignal;
}

export interface HeadOptions extends ReadConditions, Cancellable {
  /** Ask for {@link ObjectHead.checksum}. */
  readonly checksum?: boolean;
  /** Ask for one part (from 1): its length and the number of parts. */
  readonly partNumber?: number;
}

export interface GetOptions extends ReadConditions, Cancellable {
  readonly range?: ByteRange;
  /** Ask for {@link ObjectHead.checksum}, which is told with a whole object only. */
  readonly checksum?: boolean;
  /**
   * The reader keeps the body in pieces of this size. A client that reads into buffers of its own makes each piece,
   * but those that began with the reply's head, an ArrayBuffer of its own, so that nobody has to copy it.
   */
  readonly pieceBytes?: number;
}

/** An open read: the caller consumes or destroys `body`, else its connection stays busy. */
export interface ObjectRead {
  readonly head: ObjectHead;
  /** The range that the server says it sends; absent for a whole object. */
  readonly range?: ByteRange;
  readonly body: Readable;
}

/** Up to ten, by name. */
export type ObjectTags = Readonly<Record<string, string>>;

export interface ObjectDescription {
  readonly metadata?: UserMetadata;
  readonly headers?: ContentHeaders;
  readonly storageClass?: StorageClass;
  readonly encryption?: ObjectEncryption;
  readonly tags?: ObjectTags;
}

export interface BodyOptions extends Cancellable {
  /** Required where the body is a stream. */
  readonly sizeBytes?: number;
  /**
   * CRC32 of the body, as in `x-amz-checksum-crc32`, where the caller has made it: for bytes in memory in place of one
   * that the store would make; a stream goes without any other.
   */
  readonly crc32?: string;
}

export interface PutOptions extends ObjectDescription, WriteConditions, BodyOptions {}

export interface WriteResult {
  readonly etag: string;
  /**
   * The latest Last-Modified, on the server's clock, that the write can have been given: what the server says of a
   * copy, else the end of the second in which it answered; absent where it did not say.
   */
  readonly modifiedByMs?: number;
  readonly versionId?: string;
  /** What the store keeps of the whole object, where its reply says so. */
  readonly checksum?: StoredChecksum;
}

export interface CompleteOptions extends WriteConditions, Cancellable {
  /**
   * CRC32 of the whole object, as in `x-amz-checksum-crc32`. Sent where the server said at the creation of the upload
   * that it keeps one; it then refuses a completion that gives another (failure `bad-checksum`).
   */
  readonly crc32?: string;
}

/** Bytes in memory, or a stream of `sizeBytes` (streams can not be retried by the store). */
export type ObjectBody = Uint8Array | Readable;

export interface CopyOptions extends Cancellable {
  /** The source must still have this ETag (`x-amz-copy-source-if-match`). */
  readonly sourceIfMatch?: string;
  /** Present: metadata directive REPLACE; tags stay those of the source unless it names some. Absent: COPY. */
  readonly replace?: ObjectDescription;
  /**
   * Without `replace`: what S3 does not take over from the source by itself.
   *
   * @defaultValue STANDARD, and the bucket's default encryption
   */
  readonly storage?: Pick<ObjectDescription, 'storageClass' | 'encryption'>;
  readonly sourceBucket?: string;
}

export interface ListOptions extends Cancellable {
  readonly prefix?: string;
  readonly delimiter?: string;
  readonly startAfter?: string;
  readonly continuationToken?: string;
  /** @defaultValue 1000, the most that S3 gives. */
  readonly maxKeys?: number;
}

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly lastModifiedMs: number;
  readonly storageClass: StorageClass;
}

export interface ListPage {
  readonly objects: readonly ListedObject[];
  readonly commonPrefixes: readonly string[];
  /** Absent on the last page. */
  readonly continuationToken?: string;
}

export interface UploadedPart {
  readonly partNumber: number;
  readonly etag: string;
}

export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly initiatedMs: number;
}

export interface PartCopyOptions extends Cancellable {
  readonly sourceKey: string;
  /** @defaultValue the store's own bucket */
  readonly sourceBucket?: string;
  readonly range?: ByteRange;
  readonly sourceIfMatch?: string;
}

/**
 * One bucket of an S3 service. Every method fails with a `Failure` whose kind comes from the reply, never with
 * an SDK error. Implementations: the AWS SDK client, and wrappers that share this shape (metered, faulty).
 */
export interface ObjectStore {
  readonly bucket: string;
  head(key: string, options?: HeadOptions): Promise<ObjectHead>;
  get(key: string, options?: GetOptions): Promise<ObjectRead>;
  put(key: string, body: ObjectBody, options?: PutOptions): Promise<WriteResult>;
  tags(key: string, options?: Cancellable): Promise<ObjectTags>;
  delete(key: string, options?: Cancellable): Promise<void>;
  /** Up to 1,000 keys; answers with the keys that could not be deleted and why. */
  deleteMany(keys: readonly string[], options?: Cancellable): Promise<readonly DeleteProblem[]>;
  copy(sourceKey: string, targetKey: string, options?: CopyOptions): Promise<WriteResult>;
  list(options?: ListOptions): Promise<ListPage>;
  createUpload(key: string, options?: ObjectDescription & Cancellable): Promise<string>;
  uploadPart(
    key: string,
    uploadId: string,
    partNumber: number,
    body: ObjectBody,
    options?: BodyOptions,
  ): Promise<UploadedPart>;
  copyPart(
    key: string,
    uploadId: string,
    partNumber: number,
    options: PartCopyOptions,
  ): Promise<UploadedPart>;
  completeUpload(
    key: string,
    uploadId: string,
    parts: readonly UploadedPart[],
    options?: CompleteOptions,
  ): Promise<WriteResult>;
  abortUpload(key: string, uploadId: string, options?: Cancellable): Promise<void>;
  listUploads(prefix?: string, options?: Cancellable): Promise<readonly OpenUpload[]>;
  /**
   * Opens connections for requests that are about to come, so that these do not wait for handshakes; idle ones count.
   * Absent: the client below can not.
   */
  warm?(connections: number): void;
  /**
   * Whether a stream is as good a body as bytes in memory where its CRC32 goes with it: nothing is to be hashed for the
   * signature, and each chunk is done with when the next is read. Absent: no.
   */
  takesStreams?(): boolean;
  /** Closes idle connections. */
  close(): void;
}

export interface DeleteProblem {
  readonly key: string;
  readonly code: string;
  readonly message: string;
}
