import type { StorageClass } from '../config/storage-class.js';
import { encodeMetadata } from './heads.js';
import type { ObjectDescription, WriteConditions } from './store.js';

/** The fields of PutObject, CopyObject and CreateMultipartUpload that describe the object. */
export interface DescriptionInput {
  readonly Metadata?: Record<string, string>;
  readonly StorageClass?: StorageClass;
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
  const { metadata, headers = {}, storageClass, tags } = description;
  const expires = headers.expires === undefined ? NaN : Date.parse(headers.expires);
  return {
    ...(metadata === undefined ? {} : { Metadata: encodeMetadata(metadata) }),
    ...(storageClass === undefined || storageClass === 'STANDARD' ? {} : { StorageClass: storageClass }),
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

/** `x-amz-tagging` is a query string. */
function encodeTags(tags: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(tags);
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}
