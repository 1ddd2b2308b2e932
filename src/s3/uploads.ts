import { Failure } from '../errors/failure.js';
import type { S3Caller } from './caller.js';
import { describeObject, writeConditions } from './descriptions.js';
import { quotedEtag } from './etags.js';
import { toHead } from './heads.js';
import { UPLOAD_CHECKSUM } from './payload.js';
import { bodyLength, copySource, knownSum, rangeHeader, toWriteResult } from './objects.js';
import type { ObjectStore, UploadedPart } from './store.js';

type UploadMethods = Pick<
  ObjectStore,
  'createUpload' | 'uploadPart' | 'copyPart' | 'completeUpload' | 'abortUpload'
>;

/** The multipart requests of a store. */
export function uploadMethods(caller: S3Caller, bucket: string): UploadMethods {
  const wholes: WholeUploads = new Set();
  return {
    createUpload: createMultipartUpload(caller, bucket, wholes),
    uploadPart: uploadPart(caller, bucket),
    copyPart: uploadPartCopy(caller, bucket),
    completeUpload: completeMultipartUpload(caller, bucket, wholes),
    async abortUpload(key, uploadId, options = {}) {
      wholes.delete(uploadId);
      await caller.call(caller.about('AbortMultipartUpload', bucket, key), options.signal, (client, send) =>
        client.abortMultipartUpload({ Bucket: bucket, Key: key, UploadId: uploadId }, send),
      );
    },
  };
}

/** Uploads of which the server has said that it will know the CRC of the whole. */
export type WholeUploads = Set<string>;

function createMultipartUpload(
  caller: S3Caller,
  bucket: string,
  wholes: WholeUploads,
): ObjectStore['createUpload'] {
  return async (key, options = {}) => {
    const subject = caller.about('CreateMultipartUpload', bucket, key);
    const input = {
      Bucket: bucket,
      Key: key,
      ChecksumAlgorithm: UPLOAD_CHECKSUM.algorithm,
      ChecksumType: UPLOAD_CHECKSUM.type,
      ...describeObject(options),
    };
    const reply = await caller.call(subject, options.signal, (client, send) =>
      client.createMultipartUpload(input, send),
    );
    if (reply.UploadId === undefined || reply.UploadId === '') {
      throw new Failure('server-error', `CreateMultipartUpload ${key}: the reply has no upload id`);
    }
    if (reply.ChecksumType === UPLOAD_CHECKSUM.type) wholes.add(reply.UploadId);
    return reply.UploadId;
  };
}

function uploadPart(caller: S3Caller, bucket: string): ObjectStore['uploadPart'] {
  return async (key, uploadId, partNumber, body, options = {}) => {
    const input = {
      Bucket: bucket,
      Key: key,
      UploadId: uploadId,
      PartNumber: partNumber,
      Body: body,
      ContentLength: bodyLength(body, options.sizeBytes),
      ...knownSum(options),
    };
    const subject = caller.about('UploadPart', bucket, key);
    const reply = await caller.callWithBody(subject, options.signal, body, (client, send) =>
      client.uploadPart(input, send),
    );
    return partOf(partNumber, reply.ETag, key);
  };
}

function uploadPartCopy(caller: S3Caller, bucket: string): ObjectStore['copyPart'] {
  return async (key, uploadId, partNumber, options) => {
    const { sourceKey, range, sourceIfMatch, sourceBucket = bucket } = options;
    const input = {
      Bucket: bucket,
      Key: key,
      UploadId: uploadId,
      PartNumber: partNumber,
      CopySource: copySource(sourceBucket, sourceKey),
      ...(range === undefined ? {} : { CopySourceRange: rangeHeader(range) }),
      ...(sourceIfMatch === undefined ? {} : { CopySourceIfMatch: sourceIfMatch }),
    };
    const subject = caller.about('UploadPartCopy', bucket, key);
    const reply = await caller.call(subject, options.signal, (client, send) =>
      client.uploadPartCopy(input, send),
    );
    return partOf(partNumber, reply.CopyPartResult?.ETag, key);
  };
}

function completeMultipartUpload(
  caller: S3Caller,
  bucket: string,
  wholes: WholeUploads,
): ObjectStore['completeUpload'] {
  return async (key, uploadId, parts, options = {}) => {
    const input = {
      Bucket: bucket,
      Key: key,
      UploadId: uploadId,
      MultipartUpload: { Parts: parts.map((part) => ({ PartNumber: part.partNumber, ETag: part.etag })) },
      ...writeConditions(options),
      ...(options.crc32 !== undefined && wholes.has(uploadId)
        ? { ChecksumCRC32: options.crc32, ChecksumType: UPLOAD_CHECKSUM.type }
        : {}),
    };
    const subject = caller.about('CompleteMultipartUpload', bucket, key);
    const reply = await caller.call(subject, options.signal, (client, send) =>
      client.completeMultipartUpload(input, send),
    );
    wholes.delete(uploadId);
    const result = toWriteResult(reply);
    if (result.etag !== '') return result;
    // Ceph RGW 16.2 answers with an empty ETag: what the object is must be asked for.
    const asked = caller.about('HeadObject', bucket, key);
    const version = result.versionId === undefined ? {} : { VersionId: result.versionId };
    const head = await caller.call(asked, options.signal, (client, send) =>
      client.headObject({ Bucket: bucket, Key: key, ...version }, send),
    );
    return { ...result, etag: toHead(key, head).etag };
  };
}

function partOf(partNumber: number, etag: string | undefined, key: string): UploadedPart {
  if (etag === undefined) {
    throw new Failure('server-error', `Part ${partNumber} of ${key}: the reply has no ETag`);
  }
  return { partNumber, etag: quotedEtag(etag) };
}
