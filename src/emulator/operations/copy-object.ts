import { S3Error } from '../protocol/s3-error.js';
import { tag, xmlDocument } from '../protocol/xml-writer.js';
import type { StoredChecksum } from '../../s3/checksums/algorithm.js';
import type { ObjectDescription, ObjectVersion } from '../storage/storage.js';
import { checkKey, requireBucket } from './bucket-access.js';
import { checksumElements } from './checksum-headers.js';
import { checksumOf } from './compute-checksum.js';
import { writeCondition } from './conditions.js';
import { requireCopySource, type CopySource } from './copy-source.js';
import { parseAlgorithm } from './declared-checksum.js';
import { readDescription, readEncryption, readStorageClass } from './description.js';
import { encryptionHeaders, versionHeader } from './object-headers.js';
import { MAX_PUT_BYTES } from './receive-body.js';
import { xmlReply, type Operation, type S3Request } from './request.js';
import { refuseUnsupported } from './unsupported-headers.js';

export const copyObject: Operation = {
  name: 'CopyObject',
  async run(request) {
    const { head, storage, signal, key } = request;
    checkKey(key);
    refuseUnsupported(head);
    const bucket = requireBucket(request);
    const source = requireCopySource(request);
    refuseNoChange(request, source);
    const description = copyDescription(request, source.version);
    const condition = writeCondition(head);
    const [checksum, staged] = await Promise.all([
      copyChecksum(request, source.version),
      storage.stageCopy(source.version, undefined, signal),
    ]);
    const version = await storage.publish(bucket.name, key, staged, {
      ...description,
      ...(checksum === undefined ? {} : { checksum }),
      ...(condition === undefined ? {} : { condition }),
    });
    const result = xmlDocument(
      'CopyObjectResult',
      tag('LastModified', new Date(version.lastModifiedMs).toISOString()),
      tag('ETag', `"${version.etag}"`),
      checksumElements(version.checksum),
    );
    return xmlReply(result, {
      'x-amz-copy-source-version-id': versionHeader(source.bucket, source.version),
      'x-amz-version-id': versionHeader(bucket, version),
      ...encryptionHeaders(version.encryption),
    });
  },
};

/** `COPY` takes over, `REPLACE` takes what the request says. */
function directive(request: S3Request, name: string): 'COPY' | 'REPLACE' {
  const text = request.head.header(name) ?? 'COPY';
  if (text === 'COPY' || text === 'REPLACE') return text;
  throw new S3Error('InvalidArgument', {
    message: `Unknown directive: ${text}`,
    details: { ArgumentName: name, ArgumentValue: text },
  });
}

function copyDescription(request: S3Request, source: ObjectVersion): ObjectDescription {
  const asked = readDescription(request.head);
  const kept = directive(request, 'x-amz-metadata-directive') === 'COPY' ? source : asked;
  const tagged = directive(request, 'x-amz-tagging-directive') === 'COPY' ? source : asked;
  const { metadata, headers } = kept;
  // Class and encryption are never those of the source (S3 API reference, CopyObject).
  return { ...asked, metadata, headers, tags: tagged.tags };
}

/** @throws S3Error `InvalidRequest` for a copy that would leave all as it is, or that is too big. */
function refuseNoChange(request: S3Request, source: CopySource): void {
  const { version } = source;
  if (version.sizeBytes > MAX_PUT_BYTES) {
    throw new S3Error('InvalidRequest', {
      message: `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_PUT_BYTES}`,
    });
  }
  if (source.bucket.name !== request.bucket || version.key !== request.key || source.versionNamed) return;
  if (directive(request, 'x-amz-metadata-directive') === 'REPLACE') return;
  if (directive(request, 'x-amz-tagging-directive') === 'REPLACE') return;
  if (readEncryption(request.head).encryption !== undefined) return;
  if ((readStorageClass(request.head) ?? version.storageClass) !== version.storageClass) return;
  throw new S3Error('InvalidRequest', {
    message:
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  });
}

/** The algorithm that is asked for, else that of the source; a composite one is made anew over the whole. */
async function copyChecksum(request: S3Request, source: ObjectVersion): Promise<StoredChecksum | undefined> {
  const asked = request.head.header('x-amz-checksum-algorithm');
  const algorithm =
    asked === undefined ? source.checksum?.algorithm : parseAlgorithm(asked, 'x-amz-checksum-algorithm');
  if (algorithm === undefined) return undefined;
  if (source.checksum?.algorithm === algorithm && source.checksum.type === 'FULL_OBJECT')
    return source.checksum;
  return checksumOf(algorithm, request.storage.read(source));
}
