import { S3Error } from '../protocol/s3-error.js';
import { tag, xmlDocument } from '../protocol/xml-writer.js';
import type { BodyRange, ObjectVersion, Upload } from '../storage/storage.js';
import { checksumElements, checksumHeaders } from './checksum-headers.js';
import { checksumOf } from './compute-checksum.js';
import { requireCopySource } from './copy-source.js';
import { readDeclaredChecksum } from './declared-checksum.js';
import { encryptionHeaders, versionHeader } from './object-headers.js';
import { readPartNumber } from './part-number.js';
import { MAX_PUT_BYTES, receiveBody } from './receive-body.js';
import { emptyReply, xmlReply, type Operation } from './request.js';
import { requireUpload } from './uploads.js';

export const uploadPart: Operation = {
  name: 'UploadPart',
  async run(request) {
    const { head, storage } = request;
    const partNumber = readPartNumber(head.parameter('partNumber') ?? '');
    const upload = requireUpload(request);
    checkAlgorithm(upload, readDeclaredChecksum(head)?.algorithm);
    const { staged, checksum } = await receiveBody(request, upload.checksumAlgorithm);
    // A checksum that the upload was not made for is verified, and then of no further use.
    const kept = checksum?.algorithm === upload.checksumAlgorithm ? checksum : undefined;
    const part = await storage.putPart(upload, partNumber, staged, kept);
    return emptyReply(200, {
      etag: `"${part.etag}"`,
      ...checksumHeaders(checksum, 'value-only'),
      ...encryptionHeaders(upload.encryption),
    });
  },
};

export const uploadPartCopy: Operation = {
  name: 'UploadPartCopy',
  async run(request) {
    const { head, storage, signal } = request;
    const partNumber = readPartNumber(head.parameter('partNumber') ?? '');
    const upload = requireUpload(request);
    const source = requireCopySource(request);
    const range = copyRange(head.header('x-amz-copy-source-range'), source.version);
    const algorithm = upload.checksumAlgorithm;
    const [checksum, staged] = await Promise.all([
      algorithm === undefined ? undefined : checksumOf(algorithm, storage.read(source.version, range)),
      storage.stageCopy(source.version, range, signal),
    ]);
    const part = await storage.putPart(upload, partNumber, staged, checksum);
    const result = xmlDocument(
      'CopyPartResult',
      tag('LastModified', new Date(part.lastModifiedMs).toISOString()),
      tag('ETag', `"${part.etag}"`),
      checksumElements(part.checksum),
    );
    return xmlReply(result, {
      'x-amz-copy-source-version-id': versionHeader(source.bucket, source.version),
      ...encryptionHeaders(upload.encryption),
    });
  },
};

/** The parts of one upload all have its algorithm; only a composite checksum needs one of each part from the client. */
function checkAlgorithm(upload: Upload, declared: string | undefined): void {
  const expected = upload.checksumAlgorithm;
  if (expected === undefined || declared === expected) return;
  if (declared === undefined && upload.checksumType !== 'COMPOSITE') return;
  throw new S3Error('InvalidRequest', {
    message: `Checksum Type mismatch occurred, expected checksum Type: ${expected.toLowerCase()}, actual checksum Type: ${declared?.toLowerCase() ?? 'null'}`,
  });
}

/** Unlike a Range of GET it must be whole and inside the source. */
function copyRange(header: string | undefined, source: ObjectVersion): BodyRange | undefined {
  if (header === undefined) {
    if (source.sizeBytes <= MAX_PUT_BYTES) return undefined;
    throw new S3Error('InvalidRequest', {
      message: `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_PUT_BYTES}`,
    });
  }
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(header) ?? [];
  const range = { firstByte: Number(first ?? NaN), lastByte: Number(last ?? NaN) };
  const details = { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header };
  if (Number.isNaN(range.firstByte) || range.firstByte > range.lastByte) {
    throw new S3Error('InvalidArgument', {
      message:
        'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      details,
    });
  }
  if (range.lastByte >= source.sizeBytes) {
    throw new S3Error('InvalidArgument', {
      message: `Range specified is not valid for source object of size: ${source.sizeBytes}`,
      details,
    });
  }
  return range;
}
