import { toStoredChecksum } from '../checksums/stored.js';
import { toHead } from '../heads.js';
import { describeObject } from '../descriptions.js';
import { rangeHeader, toWriteResult } from '../objects.js';
import { keepReplyDate } from '../reply-dates.js';
import type {
  ByteRange,
  ObjectDescription,
  ObjectHead,
  ReadConditions,
  WriteConditions,
  WriteResult,
} from '../store.js';
import type { WireReply } from './http/exchange.js';
import type { ReplyHead } from './http/reply-head.js';

type Fields = Readonly<Record<string, string>>;

/** The fields of PutObject, CopyObject and CreateMultipartUpload that describe the object. */
export function descriptionFields(description: ObjectDescription): Fields {
  const { Metadata = {}, Expires, ...rest } = describeObject(description);
  const metadata = Object.entries(Metadata).map(([name, value]) => [
    `x-amz-meta-${name.toLowerCase()}`,
    value,
  ]);
  return {
    ...(Object.fromEntries(metadata) as Record<string, string>), // pairs of strings
    ...present({
      'x-amz-storage-class': rest.StorageClass,
      'x-amz-server-side-encryption': rest.ServerSideEncryption,
      'x-amz-server-side-encryption-aws-kms-key-id': rest.SSEKMSKeyId,
      'x-amz-server-side-encryption-bucket-key-enabled': rest.BucketKeyEnabled?.toString(),
      'x-amz-tagging': rest.Tagging,
      'content-type': rest.ContentType,
      'content-encoding': rest.ContentEncoding,
      'content-disposition': rest.ContentDisposition,
      'content-language': rest.ContentLanguage,
      'cache-control': rest.CacheControl,
      expires: Expires?.toUTCString(),
    }),
  };
}

export function conditionFields(conditions: ReadConditions & WriteConditions): Fields {
  return present({
    'if-match': conditions.ifMatch,
    'if-none-match': conditions.ifAbsent === true ? '*' : conditions.ifNoneMatch,
  });
}

export function rangeFields(range: ByteRange | undefined): Fields {
  return range === undefined ? {} : { range: rangeHeader(range) };
}

/** Without the fields that are `undefined`. */
export function present(fields: Readonly<Record<string, string | undefined>>): Fields {
  const some: Record<string, string> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) some[name] = value;
  }
  return some;
}

const META = 'x-amz-meta-';

export function headOf(key: string, { headers }: WireReply): ObjectHead {
  const metadata: Record<string, string> = {};
  for (const name in headers) {
    if (name.startsWith(META)) metadata[name.slice(META.length)] = headers[name] ?? '';
  }
  const lastModified = headers['last-modified'];
  const reply = {
    ContentLength: Number(headers['content-length'] ?? 0),
    ContentRange: headers['content-range'],
    ETag: headers['etag'],
    LastModified: lastModified === undefined ? undefined : new Date(lastModified),
    Metadata: metadata,
    StorageClass: headers['x-amz-storage-class'],
    ServerSideEncryption: headers['x-amz-server-side-encryption'],
    SSEKMSKeyId: headers['x-amz-server-side-encryption-aws-kms-key-id'],
    BucketKeyEnabled:
      headers['x-amz-server-side-encryption-bucket-key-enabled'] === 'true' ? true : undefined,
    TagCount: Number(headers['x-amz-tagging-count'] ?? 0),
    VersionId: headers['x-amz-version-id'],
    PartsCount:
      headers['x-amz-mp-parts-count'] === undefined ? undefined : Number(headers['x-amz-mp-parts-count']),
    ContentType: headers['content-type'],
    ContentEncoding: headers['content-encoding'],
    ContentDisposition: headers['content-disposition'],
    ContentLanguage: headers['content-language'],
    CacheControl: headers['cache-control'],
    ExpiresString: headers['expires'],
    Restore: headers['x-amz-restore'],
  };
  keepReplyDate(reply, headers['date']);
  return { ...toHead(key, reply), ...checksumOf(headers) };
}

/** @param etag - from the body, where the reply has it there. @defaultValue the field */
export function writeResultOf({ headers }: WireReply, etag = headers['etag']): WriteResult {
  const reply = { ETag: etag, VersionId: headers['x-amz-version-id'] };
  keepReplyDate(reply, headers['date']);
  return { ...toWriteResult(reply), ...checksumOf(headers) };
}

function checksumOf(headers: ReplyHead['headers']): Pick<ObjectHead, 'checksum'> {
  const valueOf = (algorithm: string) => headers[`x-amz-checksum-${algorithm.toLowerCase()}`];
  const checksum = toStoredChecksum(valueOf, headers['x-amz-checksum-type']);
  return checksum === undefined ? {} : { checksum };
}
