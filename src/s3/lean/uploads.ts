import { Failure } from '../../errors/failure.js';
import { quotedEtag } from '../etags.js';
import { bodyLength, copySource, rangeHeader } from '../objects.js';
import { CRC32_HEADER, UPLOAD_CHECKSUM } from '../payload.js';
import type { ObjectStore, UploadedPart, WriteResult } from '../store.js';
import { toStoredChecksum } from '../checksums/stored.js';
import type { WholeUploads } from '../uploads.js';
import type { WireReply } from './http/exchange.js';
import type { LeanCaller } from './caller.js';
import { conditionFields, descriptionFields, headOf, present, writeResultOf } from './headers.js';
import { resultIn } from './objects.js';
import { escapeXml } from './xml.js';

type UploadMethods = Pick<
  ObjectStore,
  'createUpload' | 'uploadPart' | 'copyPart' | 'completeUpload' | 'abortUpload'
>;

/** The multipart requests of a store. */
export function uploadMethods(caller: LeanCaller, bucket: string): UploadMethods {
  const wholes: WholeUploads = new Set();
  return {
    createUpload: createMultipartUpload(caller, wholes),
    uploadPart: uploadPart(caller),
    copyPart: uploadPartCopy(caller, bucket),
    completeUpload: completeMultipartUpload(caller, wholes),
    abortUpload(key, uploadId, { signal } = {}) {
      wholes.delete(uploadId);
      return caller.ask(
        { operation: 'AbortMultipartUpload', method: 'DELETE', key, query: { uploadId }, signal },
        () => undefined,
      );
    },
  };
}

function createMultipartUpload(caller: LeanCaller, wholes: WholeUploads): ObjectStore['createUpload'] {
  return (key, options = {}) =>
    caller.ask(
      {
        operation: 'CreateMultipartUpload',
        method: 'POST',
        key,
        query: { uploads: undefined },
        headers: {
          'x-amz-checksum-algorithm': UPLOAD_CHECKSUM.algorithm,
          'x-amz-checksum-type': UPLOAD_CHECKSUM.type,
          ...descriptionFields(options),
        },
        signal: options.signal,
      },
      ({ headers }, text) => {
        const uploadId = resultIn(text, 'InitiateMultipartUploadResult').text('UploadId') ?? '';
        if (headers['x-amz-checksum-type'] === UPLOAD_CHECKSUM.type) wholes.add(uploadId);
        if (uploadId !== '') return uploadId;
        throw new Failure('server-error', `CreateMultipartUpload ${key}: the reply has no upload id`);
      },
    );
}

function uploadPart(caller: LeanCaller): ObjectStore['uploadPart'] {
  return async (key, uploadId, partNumber, body, options = {}) =>
    caller.ask(
      {
        operation: 'UploadPart',
        method: 'PUT',
        key,
        query: { partNumber: String(partNumber), uploadId },
        body,
        bodyBytes: bodyLength(body, options.sizeBytes),
        isObject: true,
        crc32: options.crc32,
        signal: options.signal,
      },
      ({ headers }) => partOf(partNumber, headers['etag'], key),
    );
}

function uploadPartCopy(caller: LeanCaller, bucket: string): ObjectStore['copyPart'] {
  return (key, uploadId, partNumber, options) => {
    const { sourceKey, sourceBucket = bucket, range, sourceIfMatch, signal } = options;
    const headers = present({
      'x-amz-copy-source': copySource(sourceBucket, sourceKey),
      'x-amz-copy-source-range': range === undefined ? undefined : rangeHeader(range),
      'x-amz-copy-source-if-match': sourceIfMatch,
    });
    const query = { partNumber: String(partNumber), uploadId };
    return caller.ask(
      { operation: 'UploadPartCopy', method: 'PUT', key, query, headers, signal },
      (_reply, text) => partOf(partNumber, resultIn(text, 'CopyPartResult').text('ETag'), key),
    );
  };
}

function completeMultipartUpload(caller: LeanCaller, wholes: WholeUploads): ObjectStore['completeUpload'] {
  return async (key, uploadId, parts, options = {}) => {
    const { signal } = options;
    const request = {
      operation: 'CompleteMultipartUpload',
      method: 'POST',
      key,
      query: { uploadId },
      headers: { ...conditionFields(options), ...wholeFields(options.crc32, wholes.has(uploadId)) },
      signal,
    } as const;
    const result = await caller.askWithXml(request, completeXml(parts), completed);
    wholes.delete(uploadId);
    if (result.etag !== '') return result;
    // Ceph RGW 16.2 answers with an empty ETag: what the object is must be asked for.
    const query = result.versionId === undefined ? {} : { versionId: result.versionId };
    const head = await caller.ask({ operation: 'HeadObject', method: 'HEAD', key, query, signal }, (reply) =>
      headOf(key, reply),
    );
    return { ...result, etag: head.etag };
  };
}

function wholeFields(crc32: string | undefined, isKept: boolean): Readonly<Record<string, string>> {
  if (crc32 === undefined || !isKept) return {};
  return { [CRC32_HEADER]: crc32, 'x-amz-checksum-type': UPLOAD_CHECKSUM.type };
}

/** What this reply tells stands in its body. */
function completed(text: string, reply: WireReply): WriteResult {
  const content = resultIn(text, 'CompleteMultipartUploadResult');
  const checksum = toStoredChecksum(
    (algorithm) => content.text(`Checksum${algorithm}`),
    content.text('ChecksumType'),
  );
  const result = writeResultOf(reply, content.text('ETag') ?? '');
  return checksum === undefined ? result : { ...result, checksum };
}

function completeXml(parts: readonly UploadedPart[]): string {
  const items = parts.map(
    ({ partNumber, etag }) =>
      `<Part><PartNumber>${partNumber}</PartNumber><ETag>${escapeXml(etag)}</ETag></Part>`,
  );
  return `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${items.join('')}</CompleteMultipartUpload>`;
}

function partOf(partNumber: number, etag: string | undefined, key: string): UploadedPart {
  if (etag === undefined) {
    throw new Failure('server-error', `Part ${partNumber} of ${key}: the reply has no ETag`);
  }
  return { partNumber, etag: quotedEtag(etag) };
}
