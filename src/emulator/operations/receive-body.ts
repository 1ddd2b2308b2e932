import type { ChecksumAlgorithm, StoredChecksum } from '../../s3/checksums/algorithm.js';
import { createChecksum } from '../../s3/checksums/hasher.js';
import type { RequestBody } from '../auth/request-body.js';
import { S3Error } from '../protocol/s3-error.js';
import type { StagedBody } from '../storage/storage.js';
import { checkContentMd5, readContentMd5 } from './content-md5.js';
import {
  checkComputed,
  checkDigest,
  headerOf,
  readDeclaredChecksum,
  type DeclaredChecksum,
} from './declared-checksum.js';
import type { S3Request } from './request.js';

/** Most bytes of one PutObject or one part. */
export const MAX_PUT_BYTES = 5 * 1024 ** 3;

/** Bytes that arrived whole and as their digests say. */
export interface ReceivedBody {
  readonly staged: StagedBody;
  /** Absent where the request declares none and none was asked for. */
  readonly checksum?: StoredChecksum;
}

/**
 * Streams the body of a request into the storage and verifies its digests. Nothing is kept on failure.
 *
 * @param algorithm - Checksum to be computed where the request declares none.
 * @throws S3Error `BadDigest`, `InvalidDigest`, `EntityTooLarge` and those of `RequestBody.bytes`.
 */
export async function receiveBody(request: S3Request, algorithm?: ChecksumAlgorithm): Promise<ReceivedBody> {
  const { head, body, storage, signal } = request;
  checkBodySize(body.sizeBytes);
  const contentMd5 = readContentMd5(head);
  const declared = readDeclaredChecksum(head) ?? (algorithm === undefined ? undefined : { algorithm });
  const digest: Digest = {};
  const bytes = declared === undefined ? body.bytes() : digested(body, declared, digest);
  const staged = await storage.stage(bytes, signal);
  try {
    checkContentMd5(contentMd5, staged.md5);
  } catch (reason) {
    await storage.discard(staged);
    throw reason;
  }
  return { staged, ...digest };
}

interface Digest {
  checksum?: StoredChecksum;
}

/** A checksum to compute, and to compare where the request says what it must be. */
type Wanted = DeclaredChecksum | { readonly algorithm: ChecksumAlgorithm };

async function* digested(
  body: RequestBody,
  wanted: Wanted,
  digest: Digest,
): AsyncGenerator<Uint8Array, void, undefined> {
  const checksum = createChecksum(wanted.algorithm);
  for await (const piece of body.bytes()) {
    checksum.update(piece);
    yield piece;
  }
  const value = checksum.digest();
  if ('value' in wanted) checkComputed(wanted.algorithm, expectedDigest(wanted, body), value);
  digest.checksum = { algorithm: wanted.algorithm, type: 'FULL_OBJECT', value };
}

/** @throws S3Error `MalformedTrailerError` where the trailer that was promised did not come. */
export function expectedDigest(declared: DeclaredChecksum, body: RequestBody): string {
  const value = declared.value ?? body.trailers.get(headerOf(declared.algorithm));
  if (value === undefined) throw new S3Error('MalformedTrailerError');
  checkDigest(declared.algorithm, value);
  return value;
}

/** @throws S3Error `MissingContentLength`, `EntityTooLarge`. */
function checkBodySize(sizeBytes: number | undefined): void {
  if (sizeBytes === undefined) throw new S3Error('MissingContentLength');
  if (sizeBytes <= MAX_PUT_BYTES) return;
  throw new S3Error('EntityTooLarge', {
    details: { ProposedSize: String(sizeBytes), MaxSizeAllowed: String(MAX_PUT_BYTES) },
  });
}
