import { createHash } from 'node:crypto';
import { S3Error } from '../protocol/s3-error.js';
import { createChecksum } from '../../s3/checksums/hasher.js';
import { checkContentMd5, readContentMd5 } from './content-md5.js';
import { checkComputed, readDeclaredChecksum } from './declared-checksum.js';
import { expectedDigest } from './receive-body.js';
import type { S3Request } from './request.js';

/** Ten thousand parts or a thousand keys of the longest kind fit in. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

/**
 * The XML text of a request, its digests verified.
 *
 * @param rule - `with-digest`: S3 wants `Content-MD5` or a checksum with this document. `about-object`: checksum
 * headers of this request are about something else than its body.
 * @throws S3Error `MissingRequestBodyError`, `InvalidRequest`, `BadDigest`, `MaxMessageLengthExceeded`.
 */
export async function readDocument(
  request: S3Request,
  rule?: 'with-digest' | 'about-object',
): Promise<string> {
  const { head, body } = request;
  const contentMd5 = readContentMd5(head);
  const declared = rule === 'about-object' ? undefined : readDeclaredChecksum(head);
  if (rule === 'with-digest' && contentMd5 === undefined && declared === undefined) {
    throw new S3Error('InvalidRequest', { message: 'Missing required header for this request: Content-MD5' });
  }
  const bytes = await body.collect(MAX_DOCUMENT_BYTES);
  if (bytes.length === 0) throw new S3Error('MissingRequestBodyError');
  checkContentMd5(contentMd5, createHash('md5').update(bytes).digest('hex'));
  if (declared !== undefined) {
    const checksum = createChecksum(declared.algorithm);
    checksum.update(bytes);
    checkComputed(declared.algorithm, expectedDigest(declared, body), checksum.digest());
  }
  return decodeDocument(bytes);
}

function decodeDocument(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new S3Error('MalformedXML', { cause });
  }
}
