import type { RequestHead } from '../protocol/request-head.js';
import { uriEncode, uriEncodePath } from '../protocol/uri.js';
import { ALGORITHM, sha256Hex } from './signing.js';

/**
 * The canonical request of Signature Version 4 as S3 builds it: the decoded path encoded once, without
 * normalisation of `//` or `..`; parameters sorted by their encoded names
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
 *
 * @param payloadHash - What stands in the last line: a hash or a word such as `UNSIGNED-PAYLOAD`.
 */
export function canonicalRequest(
  head: RequestHead,
  signedHeaders: readonly string[],
  payloadHash: string,
): string {
  const fields = signedHeaders.map((name) => `${name}:${canonicalValue(head, name)}\n`).join('');
  return [
    head.method,
    uriEncodePath(head.path),
    canonicalQuery(head),
    fields,
    signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

/** The text that is signed for a whole request. */
export function stringToSign(timestamp: string, scope: string, canonical: string): string {
  return [ALGORITHM, timestamp, scope, sha256Hex(canonical)].join('\n');
}

function canonicalValue(head: RequestHead, name: string): string {
  return head.headers
    .all(name)
    .map((value) => value.trim().replace(/ {2,}/g, ' '))
    .join(',');
}

function canonicalQuery(head: RequestHead): string {
  return head.query
    .filter(({ name }) => name !== 'X-Amz-Signature')
    .map(({ name, value }) => [uriEncode(name), uriEncode(value)] as const)
    .sort(([name1, value1], [name2, value2]) => compare(name1, name2) || compare(value1, value2))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
