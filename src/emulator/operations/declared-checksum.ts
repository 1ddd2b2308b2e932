import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from '../../s3/checksums/algorithm.js';
import type { RequestHead } from '../protocol/request-head.js';
import { S3Error } from '../protocol/s3-error.js';

/** Bytes of a digest; what a header must decode to. */
const DIGEST_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

/** The checksum that a request promises for its body. */
export interface DeclaredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; absent where it comes in the trailer. */
  readonly value: string | undefined;
}

export function headerOf(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/**
 * Reads `x-amz-checksum-*`, `x-amz-trailer` and `x-amz-sdk-checksum-algorithm`
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html).
 *
 * @throws S3Error `InvalidRequest` where they are malformed or do not agree.
 */
export function readDeclaredChecksum(head: RequestHead): DeclaredChecksum | undefined {
  const trailers = (head.header('x-amz-trailer') ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const inHeader = CHECKSUM_ALGORITHMS.filter((algorithm) => head.headers.has(headerOf(algorithm)));
  const inTrailer = CHECKSUM_ALGORITHMS.filter((algorithm) => trailers.includes(headerOf(algorithm)));
  const declared = [...inHeader, ...inTrailer];
  if (declared.length > 1) {
    throw invalid('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  }
  const [algorithm] = declared;
  checkAnnounced(head, algorithm);
  if (algorithm === undefined) return undefined;
  const value = head.header(headerOf(algorithm));
  if (value !== undefined) checkDigest(algorithm, value);
  return { algorithm, value };
}

/** @throws S3Error `InvalidRequest` where the text is no digest of this algorithm. */
export function checkDigest(algorithm: ChecksumAlgorithm, value: string): void {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.length === DIGEST_BYTES[algorithm] && bytes.toString('base64') === value) return;
  throw invalid(`Value for ${headerOf(algorithm)} header is invalid.`);
}

/** @throws S3Error `InvalidRequest`. */
export function parseAlgorithm(text: string, header: string): ChecksumAlgorithm {
  const algorithm = CHECKSUM_ALGORITHMS.find((name) => name === text.toUpperCase());
  if (algorithm === undefined)
    throw invalid(
      `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${CHECKSUM_ALGORITHMS.join(', ')}] (${header})`,
    );
  return algorithm;
}

/** @throws S3Error `BadDigest`. */
export function checkComputed(algorithm: ChecksumAlgorithm, expected: string, computed: string): void {
  if (expected === computed) return;
  throw new S3Error('BadDigest', {
    message: `The ${algorithm} you specified did not match the calculated checksum.`,
  });
}

/** The announcement of an SDK must be followed by the checksum itself. */
function checkAnnounced(head: RequestHead, declared: ChecksumAlgorithm | undefined): void {
  const text = head.header('x-amz-sdk-checksum-algorithm');
  if (text === undefined) return;
  const announced = CHECKSUM_ALGORITHMS.find((name) => name === text.toUpperCase());
  if (announced === undefined) throw invalid('Value for x-amz-sdk-checksum-algorithm header is invalid.');
  if (declared === undefined) {
    throw invalid(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  if (announced !== declared) throw invalid('Value for x-amz-sdk-checksum-algorithm header is invalid.');
}

function invalid(message: string): S3Error {
  return new S3Error('InvalidRequest', { message });
}
