import type { RequestHead } from '../protocol/request-head.js';
import { S3Error } from '../protocol/s3-error.js';

/**
 * The hex form of `Content-MD5`, which the request has in base64.
 *
 * @throws S3Error `InvalidDigest` where it is not 16 bytes of base64.
 */
export function readContentMd5(head: RequestHead): string | undefined {
  const text = head.header('content-md5');
  if (text === undefined) return undefined;
  if (/^[A-Za-z0-9+/]{22}==$/.test(text)) return Buffer.from(text, 'base64').toString('hex');
  throw new S3Error('InvalidDigest', {
    message: 'The Content-MD5 you specified was invalid.',
    details: { 'Content-MD5': text },
  });
}

/** @throws S3Error `BadDigest`. */
export function checkContentMd5(expected: string | undefined, computed: string): void {
  if (expected === undefined || expected === computed) return;
  throw new S3Error('BadDigest', {
    message: 'The Content-MD5 you specified did not match what we received.',
    details: { ExpectedDigest: expected, CalculatedDigest: Buffer.from(computed, 'hex').toString('base64') },
  });
}
