import type { ChecksumAlgorithm } from './checksums/algorithm.js';
import { toStoredChecksum } from './checksums/stored.js';
import { STORAGE_CLASSES, type StorageClass } from '../config/storage-class.js';
import { quotedEtag } from './etags.js';
import { replyDateMs } from './reply-dates.js';
import type { ContentHeaders, ObjectEncryption, ObjectHead, UserMetadata } from './store.js';

/** Fields of a reply that tell the checksum of the whole object, as the SDK names them. */
export type ChecksumReply = Readonly<Partial<Record<`Checksum${ChecksumAlgorithm}`, string | undefined>>> & {
  readonly ChecksumType?: string | undefined;
};

export function checksumOfReply(reply: ChecksumReply): Pick<ObjectHead, 'checksum'> {
  const checksum = toStoredChecksum((algorithm) => reply[`Checksum${algorithm}`], reply.ChecksumType);
  return checksum === undefined ? {} : { checksum };
}

/** The headers of a GET or HEAD reply as the SDK names them. */
export interface HeadReply extends ChecksumReply {
  readonly ContentLength?: number | undefined;
  readonly ContentRange?: string | undefined;
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
  readonly Metadata?: Record<string, string> | undefined;
  readonly StorageClass?: string | undefined;
  readonly ServerSideEncryption?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly BucketKeyEnabled?: boolean | undefined;
  readonly TagCount?: number | undefined;
  readonly VersionId?: string | undefined;
  readonly PartsCount?: number | undefined;
  readonly Restore?: string | undefined;
  readonly ContentType?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly ContentLanguage?: string | undefined;
  readonly CacheControl?: string | undefined;
  readonly ExpiresString?: string | undefined;
}

export function toHead(key: string, reply: HeadReply): ObjectHead {
  const repliedAtMs = replyDateMs(reply);
  const total = /\/(\d+)$/.exec(reply.ContentRange ?? '')?.[1];
  return {
    key,
    sizeBytes: total === undefined ? (reply.ContentLength ?? 0) : Number(total),
    etag: quotedEtag(reply.ETag ?? ''),
    lastModifiedMs: reply.LastModified?.getTime() ?? 0,
    metadata: decodeMetadata(reply.Metadata ?? {}),
    headers: contentHeaders(reply),
    storageClass: toStorageClass(reply.StorageClass),
    ...encryption(reply),
    ...(reply.TagCount === undefined || reply.TagCount === 0 ? {} : { tagCount: reply.TagCount }),
    ...(repliedAtMs === undefined ? {} : { repliedAtMs }),
    ...(reply.VersionId === undefined ? {} : { versionId: reply.VersionId }),
    ...(reply.PartsCount === undefined
      ? {}
      : { partsCount: reply.PartsCount, partSizeBytes: reply.ContentLength ?? 0 }),
    ...(reply.Restore === undefined ? {} : { restore: reply.Restore }),
    ...checksumOfReply(reply),
  };
}

/** S3 leaves the header out for STANDARD. A class newer than our list reads as STANDARD. */
export function toStorageClass(name: string | undefined): StorageClass {
  return STORAGE_CLASSES.find((known) => known === name) ?? 'STANDARD';
}

function contentHeaders(reply: HeadReply): ContentHeaders {
  return {
    ...(reply.ContentType === undefined ? {} : { contentType: reply.ContentType }),
    ...(reply.ContentEncoding === undefined ? {} : { contentEncoding: reply.ContentEncoding }),
    ...(reply.ContentDisposition === undefined ? {} : { contentDisposition: reply.ContentDisposition }),
    ...(reply.ContentLanguage === undefined ? {} : { contentLanguage: reply.ContentLanguage }),
    ...(reply.CacheControl === undefined ? {} : { cacheControl: reply.CacheControl }),
    ...(reply.ExpiresString === undefined ? {} : { expires: reply.ExpiresString }),
  };
}

function encryption(reply: HeadReply): { readonly encryption?: ObjectEncryption } {
  const { ServerSideEncryption: algorithm, SSEKMSKeyId: kmsKeyId, BucketKeyEnabled: bucketKey } = reply;
  if (algorithm === undefined) return {};
  return {
    encryption: {
      algorithm,
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
      ...(bucketKey === undefined ? {} : { bucketKey }),
    },
  };
}

/** RFC 2047 section 2; S3 decodes and encodes this form (S3 user guide, "User-defined object metadata"). */
const ENCODED_WORD = /^=\?UTF-8\?([BQ])\?([^?]*)\?=$/i;

/**
 * Header values carry printable ASCII only, and outer blanks get lost on the way: anything else, and what would be
 * mistaken for an encoded word, travels as an encoded word.
 */
export function encodeMetadata(metadata: UserMetadata): Record<string, string> {
  const encoded = Object.entries(metadata).map(([name, value]): [string, string] => {
    const isPlain = /^[\x20-\x7e]*$/.test(value) && value === value.trim() && !value.includes('=?');
    return [name, isPlain ? value : `=?UTF-8?B?${Buffer.from(value, 'utf8').toString('base64')}?=`];
  });
  return Object.fromEntries(encoded);
}

/** Reads encoded words of RFC 2047, and raw UTF-8, which other clients send and Node hands over as Latin-1. */
export function decodeMetadata(metadata: UserMetadata): UserMetadata {
  const decoded = Object.entries(metadata).map(([name, value]) => [name.toLowerCase(), decodeValue(value)]);
  return Object.fromEntries(decoded) as UserMetadata; // fromEntries of pairs of strings
}

function decodeValue(value: string): string {
  if (value.includes('=?')) {
    // Blanks between two encoded words belong to the encoding (RFC 2047 section 6.2).
    const words = value.trim().split(/(?<=\?=)\s+(?==\?)/);
    const parts = words.map(decodeWord);
    if (parts.every((part) => part !== undefined)) return Buffer.concat(parts).toString('utf8');
  }
  const isLatin1 = /[\x80-\xff]/.test(value) && !/[^\0-\xff]/.test(value);
  return isLatin1 ? (utf8OrUndefined(Buffer.from(value, 'latin1')) ?? value) : value;
}

function decodeWord(word: string): Buffer | undefined {
  const match = ENCODED_WORD.exec(word);
  const content = match?.[2];
  if (match === null || content === undefined) return undefined;
  if (match[1]?.toUpperCase() === 'B') return Buffer.from(content, 'base64');
  const bytes = content
    .replaceAll('_', ' ')
    .replace(/=([0-9A-F]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1');
}

function utf8OrUndefined(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
