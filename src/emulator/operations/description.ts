import { STORAGE_CLASSES, type StorageClass } from '../../config/storage-class.js';
import type { RequestHead } from '../protocol/request-head.js';
import { S3Error } from '../protocol/s3-error.js';
import type { KeptHeaders, ObjectDescription, ObjectEncryption } from '../storage/storage.js';
import { tagsFromHeader } from './tags.js';

/** Names and values of user metadata together, in bytes of UTF-8. */
const MAX_METADATA_BYTES = 2048;
const METADATA_PREFIX = 'x-amz-meta-';

/** Content headers that S3 keeps with an object. */
export const KEPT_HEADERS = [
  'content-type',
  'content-encoding',
  'content-disposition',
  'content-language',
  'cache-control',
  'expires',
] as const;

/**
 * What the headers of a request say of the object to be written.
 *
 * @throws S3Error `MetadataTooLarge`, `InvalidStorageClass`, `InvalidTag`, `InvalidArgument`.
 */
export function readDescription(head: RequestHead): ObjectDescription {
  return {
    metadata: readMetadata(head),
    headers: readKeptHeaders(head),
    storageClass: readStorageClass(head) ?? 'STANDARD',
    ...readEncryption(head),
    tags: tagsFromHeader(head.header('x-amz-tagging')),
  };
}

export function readMetadata(head: RequestHead): Readonly<Record<string, string>> {
  const metadata: [string, string][] = [];
  let sizeBytes = 0;
  for (const name of head.headers.names()) {
    if (!name.startsWith(METADATA_PREFIX)) continue;
    const value = utf8Value(head.header(name) ?? '');
    const key = name.slice(METADATA_PREFIX.length);
    sizeBytes += key.length + Buffer.byteLength(value);
    metadata.push([key, value]);
  }
  if (sizeBytes > MAX_METADATA_BYTES) {
    throw new S3Error('MetadataTooLarge', {
      details: { Size: String(sizeBytes), MaxSizeAllowed: String(MAX_METADATA_BYTES) },
    });
  }
  return Object.fromEntries(metadata);
}

export function readKeptHeaders(head: RequestHead): KeptHeaders {
  const kept: [string, string][] = [];
  for (const name of KEPT_HEADERS) {
    const value = head.header(name);
    const text = name === 'content-encoding' && value !== undefined ? withoutChunking(value) : value;
    if (text !== undefined && text !== '') kept.push([name, utf8Value(text)]);
  }
  return Object.fromEntries(kept);
}

/** @throws S3Error `InvalidStorageClass`. */
export function readStorageClass(head: RequestHead): StorageClass | undefined {
  const text = head.header('x-amz-storage-class');
  if (text === undefined) return undefined;
  const known = STORAGE_CLASSES.find((name) => name === text);
  if (known === undefined) {
    throw new S3Error('InvalidStorageClass', { details: { StorageClassRequested: text } });
  }
  return known;
}

const ENCRYPTION_HEADER = 'x-amz-server-side-encryption';
const ENCRYPTIONS = ['AES256', 'aws:kms', 'aws:kms:dsse'];

/**
 * What is asked for, to be told again; absent where nothing is.
 *
 * @throws S3Error `InvalidArgument`.
 */
export function readEncryption(head: RequestHead): { readonly encryption?: ObjectEncryption } {
  const algorithm = head.header(ENCRYPTION_HEADER);
  const kmsKeyId = head.header(`${ENCRYPTION_HEADER}-aws-kms-key-id`);
  const bucketKey = head.header(`${ENCRYPTION_HEADER}-bucket-key-enabled`);
  if (algorithm === undefined && kmsKeyId === undefined) return {};
  if (algorithm === undefined || !ENCRYPTIONS.includes(algorithm)) {
    throw new S3Error('InvalidArgument', {
      message: 'The encryption method specified is not supported',
      details: { ArgumentName: ENCRYPTION_HEADER, ArgumentValue: algorithm ?? '' },
    });
  }
  if (algorithm === 'AES256') return { encryption: { algorithm } };
  return {
    encryption: {
      algorithm,
      ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
      ...(bucketKey === undefined ? {} : { bucketKey: bucketKey === 'true' }),
    },
  };
}

/** `aws-chunked` is about the request only and is not kept. */
function withoutChunking(value: string): string {
  return value
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'aws-chunked')
    .join(',');
}

/** Header bytes come as Latin-1; clients mean UTF-8. Bytes that are no UTF-8 stay Latin-1. */
function utf8Value(latin1: string): string {
  // eslint-disable-next-line no-control-regex -- all of ASCII
  if (/^[\x00-\x7f]*$/.test(latin1)) return latin1;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return latin1;
  }
}
