import { Readable } from 'node:stream';
import { Failure } from '../errors/failure.js';
import { deleteBatch } from './bulk-delete.js';
import { withFailures, type S3Caller } from './caller.js';
import { describeObject, writeConditions } from './descriptions.js';
import { quotedEtag, requireEtag } from './etags.js';
import { checksumOfReply, toHead, type ChecksumReply } from './heads.js';
import { replyDateMs } from './reply-dates.js';
import type {
  BodyOptions,
  ByteRange,
  HeadOptions,
  ObjectBody,
  ObjectStore,
  ReadConditions,
  WriteResult,
} from './store.js';

type ObjectMethods = Pick<ObjectStore, 'head' | 'get' | 'tags' | 'put' | 'delete' | 'deleteMany' | 'copy'>;

/** The single-object requests of a store. */
export function objectMethods(caller: S3Caller, bucket: string): ObjectMethods {
  return {
    head: headObject(caller, bucket),
    get: getObject(caller, bucket),
    async tags(key, options = {}) {
      const subject = caller.about('GetObjectTagging', bucket, key);
      const { TagSet = [] } = await caller.call(subject, options.signal, (client, send) =>
        client.getObjectTagging({ Bucket: bucket, Key: key }, send),
      );
      return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
    },
    put: putObject(caller, bucket),
    async delete(key, options = {}) {
      await caller.call(caller.about('DeleteObject', bucket, key), options.signal, (client, send) =>
        client.deleteObject({ Bucket: bucket, Key: key }, send),
      );
    },
    deleteMany: (keys, options = {}) =>
      deleteBatch(
        caller,
        bucket,
        keys.map((key) => ({ key })),
        options.signal,
      ),
    copy: copyObject(caller, bucket),
  };
}

function headObject(caller: S3Caller, bucket: string): ObjectStore['head'] {
  return async (key, options = {}) => {
    const reply = await caller.call(caller.about('HeadObject', bucket, key), options.signal, (client, send) =>
      client.headObject(
        {
          Bucket: bucket,
          Key: key,
          ...readConditions(options),
          ...checksumMode(options),
          ...(options.partNumber === undefined ? {} : { PartNumber: options.partNumber }),
        },
        send,
      ),
    );
    return toHead(key, reply);
  };
}

function getObject(caller: S3Caller, bucket: string): ObjectStore['get'] {
  return async (key, options = {}) => {
    const subject = caller.about('GetObject', bucket, key);
    const range = options.range === undefined ? {} : { Range: rangeHeader(options.range) };
    const reply = await caller.call(subject, options.signal, (client, send) =>
      client.getObject(
        { Bucket: bucket, Key: key, ...range, ...readConditions(options), ...checksumMode(options) },
        send,
      ),
    );
    const { Body: body, ContentRange: contentRange } = reply;
    // The SDK types the body for browsers too; Node's HTTP client hands over a Readable.
    if (!isReadable(body)) throw new Failure('internal', `GetObject ${key}: the reply has no body stream`);
    const sent = parseContentRange(contentRange);
    refuseWithoutEtag(reply.ETag, `GetObject ${key}`, body);
    return {
      head: toHead(key, reply),
      body: withFailures(body, subject),
      ...(sent === undefined ? {} : { range: sent }),
    };
  };
}

function putObject(caller: S3Caller, bucket: string): ObjectStore['put'] {
  return async (key, body, options = {}) => {
    const reply = await caller.callWithBody(
      caller.about('PutObject', bucket, key),
      options.signal,
      body,
      (client, send) =>
        client.putObject(
          {
            Bucket: bucket,
            Key: key,
            Body: body,
            ContentLength: bodyLength(body, options.sizeBytes),
            ...knownSum(options),
            ...describeObject(options),
            ...writeConditions(options),
          },
          send,
        ),
    );
    requireEtag(reply.ETag, `PutObject ${key}`);
    return toWriteResult(reply);
  };
}

function copyObject(caller: S3Caller, bucket: string): ObjectStore['copy'] {
  return async (sourceKey, targetKey, options = {}) => {
    const { replace, storage = {}, sourceIfMatch, sourceBucket = bucket } = options;
    const reply = await caller.call(
      caller.about('CopyObject', bucket, targetKey),
      options.signal,
      (client, send) =>
        client.copyObject(
          {
            Bucket: bucket,
            Key: targetKey,
            CopySource: copySource(sourceBucket, sourceKey),
            ...(sourceIfMatch === undefined ? {} : { CopySourceIfMatch: sourceIfMatch }),
            ...(replace === undefined
              ? describeObject(storage)
              : { MetadataDirective: 'REPLACE', ...describeObject(replace) }),
            ...(replace?.tags === undefined ? {} : { TaggingDirective: 'REPLACE' }),
          },
          send,
        ),
    );
    const { ETag, LastModified } = reply.CopyObjectResult ?? {};
    return toWriteResult({ VersionId: reply.VersionId, ETag, LastModified }, replyDateMs(reply));
  };
}

/** `x-amz-copy-source`: bucket and key, each segment of the key encoded. */
export function copySource(bucket: string, key: string): string {
  return `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}

/** `Range` of RFC 9110 section 14.1.2. */
export function rangeHeader(range: ByteRange): string {
  return `bytes=${range.firstByte}-${range.lastByte}`;
}

/** The length that must be known before a body is sent; a stream does not tell its own. */
export function bodyLength(body: ObjectBody, sizeBytes: number | undefined): number {
  if (body instanceof Uint8Array) return body.byteLength;
  if (sizeBytes !== undefined) return sizeBytes;
  throw new Failure('invalid-argument', 'A stream needs sizeBytes to be sent');
}

/** The sum that was made already, as the SDK takes it. */
export function knownSum({ crc32 }: BodyOptions): { readonly ChecksumCRC32?: string } {
  return crc32 === undefined ? {} : { ChecksumCRC32: crc32 };
}

/** @param repliedAtMs - stands in for the Last-Modified that only a copy tells. */
export function toWriteResult(
  reply: {
    readonly ETag?: string | undefined;
    readonly VersionId?: string | undefined;
    readonly LastModified?: Date | undefined;
  } & ChecksumReply,
  repliedAtMs = replyDateMs(reply),
): WriteResult {
  const modifiedByMs = lastMsOf(reply.LastModified?.getTime() ?? repliedAtMs);
  return {
    etag: quotedEtag(reply.ETag ?? ''),
    ...(reply.VersionId === undefined ? {} : { versionId: reply.VersionId }),
    ...(modifiedByMs === undefined ? {} : { modifiedByMs }),
    ...checksumOfReply(reply),
  };
}

/** The last millisecond that a date stands for: those without a fraction stand for their whole second. */
function lastMsOf(dateMs: number | undefined): number | undefined {
  return dateMs === undefined || dateMs % 1000 !== 0 ? dateMs : dateMs + 999;
}

function readConditions(conditions: ReadConditions): { IfMatch?: string; IfNoneMatch?: string } {
  return {
    ...(conditions.ifMatch === undefined ? {} : { IfMatch: conditions.ifMatch }),
    ...(conditions.ifNoneMatch === undefined ? {} : { IfNoneMatch: conditions.ifNoneMatch }),
  };
}

export function parseContentRange(header: string | undefined): ByteRange | undefined {
  const match = /^bytes (\d+)-(\d+)\//.exec(header ?? '');
  return match === null ? undefined : { firstByte: Number(match[1]), lastByte: Number(match[2]) };
}

/** The body of a reply that is refused is not read, and holds its connection no longer. */
export function refuseWithoutEtag(etag: string | undefined, what: string, body: Readable): void {
  try {
    requireEtag(etag, what);
  } catch (reason) {
    body.on('error', () => undefined).destroy();
    throw reason;
  }
}

function isReadable(body: unknown): body is Readable {
  return body instanceof Readable;
}

function checksumMode({ checksum }: Pick<HeadOptions, 'checksum'>): { readonly ChecksumMode?: 'ENABLED' } {
  return checksum === true ? { ChecksumMode: 'ENABLED' } : {};
}
