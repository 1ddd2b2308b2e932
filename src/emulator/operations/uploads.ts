import { S3Error } from '../protocol/s3-error.js';
import type { ChecksumAlgorithm, ChecksumType } from '../../s3/checksums/algorithm.js';
import { element, tag, xmlDocument, type Xml } from '../protocol/xml-writer.js';
import type { RequestHead } from '../protocol/request-head.js';
import type { Upload, UploadListEntry, UploadListResult } from '../storage/storage.js';
import { checkKey, requireBucket } from './bucket-access.js';
import { parseAlgorithm } from './declared-checksum.js';
import { readDescription } from './description.js';
import { ownerElement } from './list-objects.js';
import { encryptionHeaders } from './object-headers.js';
import { pageSize, readListParameters, type ListParameters } from './list-parameters.js';
import { emptyReply, xmlReply, type Operation, type S3Request } from './request.js';
import { refuseUnsupported } from './unsupported-headers.js';

/** @throws S3Error `NoSuchBucket`, `NoSuchUpload`. */
export function requireUpload(request: S3Request): Upload {
  requireBucket(request);
  const uploadId = request.head.parameter('uploadId') ?? '';
  const upload = request.storage.findUpload(request.bucket, request.key, uploadId);
  if (upload === undefined) throw new S3Error('NoSuchUpload', { details: { UploadId: uploadId } });
  return upload;
}

export const createMultipartUpload: Operation = {
  name: 'CreateMultipartUpload',
  async run(request) {
    const { head, bucket, key } = request;
    checkKey(key);
    refuseUnsupported(head);
    requireBucket(request);
    const checksum = readUploadChecksum(head);
    const upload = await request.storage.createUpload(bucket, key, { ...readDescription(head), ...checksum });
    const result = xmlDocument(
      'InitiateMultipartUploadResult',
      tag('Bucket', bucket),
      tag('Key', key),
      tag('UploadId', upload.uploadId),
    );
    return xmlReply(result, {
      'x-amz-checksum-algorithm': upload.checksumAlgorithm,
      'x-amz-checksum-type': upload.checksumType,
      ...encryptionHeaders(upload.encryption),
    });
  },
};

interface UploadChecksum {
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
}

/** Which types an algorithm can have in a multipart upload; the first is the default. */
const TYPES: Readonly<Record<ChecksumAlgorithm, readonly ChecksumType[]>> = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
};

function readUploadChecksum(head: RequestHead): UploadChecksum {
  const algorithmText = head.header('x-amz-checksum-algorithm');
  const typeText = head.header('x-amz-checksum-type');
  if (algorithmText === undefined) {
    if (typeText === undefined) return {};
    throw new S3Error('InvalidRequest', {
      message: 'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    });
  }
  const checksumAlgorithm = parseAlgorithm(algorithmText, 'x-amz-checksum-algorithm');
  const types = TYPES[checksumAlgorithm];
  const checksumType =
    typeText === undefined ? types[0] : types.find((type) => type === typeText.toUpperCase());
  if (checksumType === undefined) {
    throw new S3Error('InvalidRequest', {
      message: `The ${typeText ?? ''} checksum type cannot be used with the ${checksumAlgorithm.toLowerCase()} checksum algorithm.`,
    });
  }
  return { checksumAlgorithm, checksumType };
}

export const abortMultipartUpload: Operation = {
  name: 'AbortMultipartUpload',
  async run(request) {
    await request.storage.abortUpload(requireUpload(request));
    return emptyReply(204);
  },
};

export const listMultipartUploads: Operation = {
  name: 'ListMultipartUploads',
  run(request) {
    requireBucket(request);
    const parameters = readListParameters(request, 'max-uploads');
    const page = uploadPage(request, parameters);
    const { encode, delimiter } = parameters;
    const { nextKeyMarker } = page;
    return Promise.resolve(
      xmlReply(
        xmlDocument(
          'ListMultipartUploadsResult',
          tag('Bucket', request.bucket),
          tag('KeyMarker', encode(request.head.parameter('key-marker') ?? '')),
          tag('UploadIdMarker', request.head.parameter('upload-id-marker') ?? ''),
          tag('NextKeyMarker', nextKeyMarker === undefined ? undefined : encode(nextKeyMarker)),
          tag('NextUploadIdMarker', page.nextUploadIdMarker),
          tag('Prefix', encode(parameters.prefix)),
          tag('Delimiter', delimiter === '' ? undefined : encode(delimiter)),
          tag('EncodingType', parameters.encodingType),
          tag('MaxUploads', parameters.maxKeys),
          tag('IsTruncated', page.truncated),
          ...page.entries.map((entry) => listedUpload(entry, parameters)),
        ),
      ),
    );
  },
};

function uploadPage(request: S3Request, parameters: ListParameters): UploadListResult {
  const { prefix, delimiter } = parameters;
  const maxUploads = pageSize(parameters);
  if (maxUploads === 0) return { entries: [], truncated: false };
  return request.storage.listUploads(request.bucket, {
    prefix,
    delimiter,
    keyMarker: request.head.parameter('key-marker') ?? '',
    uploadIdMarker: request.head.parameter('upload-id-marker') ?? '',
    maxUploads,
  });
}

function listedUpload(entry: UploadListEntry, { encode }: ListParameters): Xml {
  if (entry.kind === 'prefix') return element('CommonPrefixes', tag('Prefix', encode(entry.prefix)));
  const { upload } = entry;
  return element(
    'Upload',
    tag('Key', encode(upload.key)),
    tag('UploadId', upload.uploadId),
    ownerElement('Initiator'),
    ownerElement(),
    tag('StorageClass', upload.storageClass),
    tag('Initiated', new Date(upload.initiatedMs).toISOString()),
    tag('ChecksumAlgorithm', upload.checksumAlgorithm),
    tag('ChecksumType', upload.checksumType),
  );
}
