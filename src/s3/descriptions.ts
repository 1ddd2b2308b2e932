import type { ServerSideEncryption } from '@aws-sdk/client-s3';
import type { StorageClass } from '../config/storage-class.js';
import { encodeMetadata } from './heads.js';
import type { ObjectDescription, ObjectEncryption, ObjectTags, WriteConditions } from './store.js';

/** The fields of PutObject, CopyObject and CreateMultipartUpload that describe the object. */
export interface DescriptionInput {
  readonly Metadata?: Record<string, string>;
  readonly StorageClass?: StorageClass;
  readonly ServerSideEncryption?: ServerSideEncryption;
  readonly SSEKMSKeyId?: string;
  readonly BucketKeyEnabled?: boolean;
  readonly Tagging?: string;
  readonly ContentType?: string;
  readonly ContentEncoding?: string;
  readonly ContentDisposition?: string;
  readonly ContentLanguage?: string;
  readonly CacheControl?: string;
  readonly Expires?: Date;
}

/**
 * STANDARD is the default of every server and is sent as no header at all, because servers other than AWS may know
 * no classes. An `Expires` that is no date is left out: the SDK sends dates only.
 */
export function describeObject(description: ObjectDescription): DescriptionInput {
  const { metadata, headers = {}, storageClass, encryption, tags } = description;
  const expires = headers.expires === undefined ? NaN : Date.parse(headers.expires);
  return {
    ...(metadata === undefined ? {} : { Metadata: encodeMetadata(metadata) }),
    ...(storageClass === undefined || storageClass === 'STANDARD' ? {} : { StorageClass: storageClass }),
    ...(encryption === undefined ? {} : encryptionInput(encryption)),
    ...(tags === undefined ? {} : { Tagging: encodeTags(tags) }),
    ...(headers.contentType === undefined ? {} : { ContentType: headers.contentType }),
    ...(headers.contentEncoding === undefined ? {} : { ContentEncoding: headers.contentEncoding }),
    ...(headers.contentDisposition === undefined ? {} : { ContentDisposition: headers.contentDisposition }),
    ...(headers.contentLanguage === undefined ? {} : { ContentLanguage: headers.contentLanguage }),
    ...(headers.cacheControl === undefined ? {} : { CacheControl: headers.cacheControl }),
    ...(Number.isNaN(expires) ? {} : { Expires: new Date(expires) }),
  };
}

/** The conditional headers of PutObject and CompleteMultipartUpload. */
export function writeConditions(conditions: WriteConditions): { IfMatch?: string; IfNoneMatch?: string } {
  return {
    ...(conditions.ifMatch === undefined ? {} : { IfMatch: conditions.ifMatch }),
    ...(conditions.ifAbsent === true ? { IfNoneMatch: '*' } : {}),
  };
}

function encryptionInput({ algorithm, kmsKeyId, bucketKey }: ObjectEncryption): DescriptionInput {
  return {
    // What HEAD has said is sent back as it is, also where it is newer than the SDK.
    ServerSideEncryption: algorithm as ServerSideEncryption,
    ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
    ...(bucketKey === undefined ? {} : { BucketKeyEnabled: bucketKey }),
  };
}

/** `x-amz-tagging` is a query string. */
function encodeTags(tags: ObjectTags): string {
  const pairs = Object.entries(tags);
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}
