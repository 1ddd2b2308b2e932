import { CHECKSUM_ALGORITHMS, type StoredChecksum } from '../../s3/checksums/algorithm.js';
import { combineChecksums } from '../../s3/checksums/combine.js';
import type { RequestHead } from '../protocol/request-head.js';
import { S3Error } from '../protocol/s3-error.js';
import { uriEncode, uriEncodePath } from '../protocol/uri.js';
import { children, childText, readXml, requiredText, type XmlNode } from '../protocol/xml-reader.js';
import { tag, xmlDocument } from '../protocol/xml-writer.js';
import type { NamedPart, Upload, UploadPart } from '../storage/storage.js';
import { requireBucket } from './bucket-access.js';
import { checksumElements } from './checksum-headers.js';
import { writeCondition } from './conditions.js';
import { checkComputed, headerOf } from './declared-checksum.js';
import { encryptionHeaders, versionHeader } from './object-headers.js';
import { MAX_PARTS } from './part-number.js';
import { readDocument } from './read-document.js';
import { xmlReply, type Operation, type S3Request } from './request.js';
import { requireUpload } from './uploads.js';

/** A part as the client names it. */
interface ListedPart extends NamedPart {
  /** What the client says that the checksum is. */
  readonly checksum: string | undefined;
}

export const completeMultipartUpload: Operation = {
  name: 'CompleteMultipartUpload',
  async run(request) {
    const { head, storage, key } = request;
    const bucket = requireBucket(request);
    const upload = requireUpload(request);
    const condition = writeCondition(head);
    const parts = readParts(await readCompleteDocument(request), upload);
    const version = await storage.completeUpload(upload, parts, {
      checksum: (chosen) => verifyWhole(head, upload, parts, chosen),
      ...(condition === undefined ? {} : { condition }),
    });
    const result = xmlDocument(
      'CompleteMultipartUploadResult',
      tag('Location', `http://${head.header('host') ?? ''}/${uriEncode(bucket.name)}/${uriEncodePath(key)}`),
      tag('Bucket', bucket.name),
      tag('Key', key),
      tag('ETag', `"${version.etag}"`),
      checksumElements(version.checksum),
    );
    return xmlReply(result, {
      'x-amz-version-id': versionHeader(bucket, version),
      ...encryptionHeaders(version.encryption),
    });
  },
};

async function readCompleteDocument(request: S3Request): Promise<XmlNode> {
  // The checksum headers of this request are those of the whole object, not of its body.
  return readXml(await readDocument(request, 'about-object'), 'CompleteMultipartUpload');
}

function readParts(document: XmlNode, upload: Upload): readonly ListedPart[] {
  const nodes = children(document, 'Part');
  if (nodes.length === 0 || nodes.length > MAX_PARTS) throw new S3Error('MalformedXML');
  return nodes.map((node) => {
    const number = requiredText(node, 'PartNumber');
    if (!/^\d{1,9}$/.test(number)) throw new S3Error('MalformedXML');
    return {
      partNumber: Number(number),
      etag: requiredText(node, 'ETag').replaceAll('"', ''),
      checksum:
        upload.checksumAlgorithm === undefined
          ? undefined
          : childText(node, `Checksum${upload.checksumAlgorithm}`),
    };
  });
}

/** Checks what the client says of parts and of the whole, and makes the checksum of the whole. */
function verifyWhole(
  head: RequestHead,
  upload: Upload,
  listed: readonly ListedPart[],
  chosen: readonly UploadPart[],
): StoredChecksum | undefined {
  checkSize(head, chosen);
  const { checksumAlgorithm: algorithm, checksumType: type } = upload;
  const typeText = head.header('x-amz-checksum-type');
  const declared = CHECKSUM_ALGORITHMS.find((name) => head.headers.has(headerOf(name)));
  if ((typeText !== undefined && typeText !== type) || (declared !== undefined && declared !== algorithm)) {
    throw new S3Error('InvalidRequest', {
      message: `Checksum Type mismatch occurred, expected checksum Type: ${algorithm?.toLowerCase() ?? 'null'} ${type ?? ''}, actual checksum Type: ${declared?.toLowerCase() ?? 'null'} ${typeText ?? ''}`,
    });
  }
  if (algorithm === undefined || type === undefined) return undefined;
  const values = chosen.map((part, index) => {
    checkPart(upload, part, listed[index]);
    return { value: part.checksum?.value ?? '', sizeBytes: part.sizeBytes };
  });
  const whole = combineChecksums(algorithm, type, values);
  const expected = head.header(headerOf(algorithm));
  if (expected !== undefined) checkComputed(algorithm, expected, whole.value);
  return whole;
}

/** @throws S3Error `InvalidPart`, or `InvalidRequest` where a composite checksum lacks one of its parts. */
function checkPart(upload: Upload, part: UploadPart, listed: ListedPart | undefined): void {
  const named = listed?.checksum;
  if (named !== undefined && named !== part.checksum?.value) {
    throw new S3Error('InvalidPart', {
      details: { UploadId: upload.uploadId, PartNumber: String(part.partNumber), ETag: part.etag },
    });
  }
  if (named !== undefined || upload.checksumType !== 'COMPOSITE') return;
  throw new S3Error('InvalidRequest', {
    message: `The upload was created using a ${upload.checksumAlgorithm?.toLowerCase() ?? ''} checksum. The complete request must include the checksum for each part. It was missing for part ${part.partNumber} in the request.`,
  });
}

function checkSize(head: RequestHead, parts: readonly UploadPart[]): void {
  const announced = head.header('x-amz-mp-object-size');
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  if (announced === undefined || announced === String(sizeBytes)) return;
  throw new S3Error('InvalidRequest', {
    message: `The provided 'x-amz-mp-object-size' header value ${announced} does not match what was computed: ${sizeBytes}`,
  });
}
