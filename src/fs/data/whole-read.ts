import { BLOCK_BYTES } from '../../cache/block-cache.js';
import { Failure } from '../../errors/failure.js';
import type { ChecksumAlgorithm } from '../../s3/checksums/algorithm.js';
import { createChecksum } from '../../s3/checksums/hasher.js';
import { bareEtag } from '../../s3/etags.js';
import type { ObjectHead } from '../../s3/store.js';
import type { Context } from '../context.js';
import type { Address } from './version.js';

/** Takes about as long as one more round trip at 85 MB/s, the documented speed of one connection to S3. */
export const WHOLE_OBJECT_BYTES = 1024 * 1024;

/** What the bytes of an object must give. */
interface ExpectedDigest {
  readonly algorithm: ChecksumAlgorithm | 'MD5';
  /** Base64. */
  readonly value: string;
}

export type OnHead = (head: ObjectHead) => void;

/** An ETag that can be an MD5: 32 hexadecimal digits, no number of parts behind them. */
const MD5_ETAG = /^[0-9a-f]{32}$/i;

/**
 * Reads a small object whole, and hands nothing on before all of it was compared with what the store keeps of it: its
 * checksum, else its ETag where that is the MD5 of the content. Bytes that differ are asked for once more.
 *
 * @throws Failure `bad-checksum` where another content came than was stored; `short-body`; what the store throws.
 */
export async function readWhole(
  context: Context,
  address: Address,
  sizeBytes: number,
  signal: AbortSignal,
  onHead?: OnHead,
): Promise<readonly Uint8Array[]> {
  try {
    return await readOnce(context, address, sizeBytes, signal, onHead);
  } catch (reason) {
    if (Failure.from(reason).kind !== 'bad-checksum') throw reason;
    context.log.warn({ reason: Failure.from(reason).message }, 'other bytes came than were stored');
    return await readOnce(context, address, sizeBytes, signal, onHead);
  }
}

async function readOnce(
  context: Context,
  { key, etag }: Address,
  sizeBytes: number,
  signal: AbortSignal,
  onHead?: OnHead,
): Promise<readonly Uint8Array[]> {
  const options = { ifMatch: etag, checksum: true, pieceBytes: BLOCK_BYTES, signal };
  const { head, body } = await context.store.get(key, options);
  const pieces: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const piece of body) {
    const bytes = piece as Uint8Array; // a byte stream in the object store's contract
    pieces.push(bytes);
    heldBytes += bytes.length;
    if (heldBytes > sizeBytes) break;
  }
  if (heldBytes !== sizeBytes) {
    throw new Failure('short-body', `${key}: ${heldBytes} bytes came, not ${sizeBytes}`, { subject: key });
  }
  compare(key, pieces, expectedDigest(head, etag, context.readChecks.etagIsMd5));
  onHead?.(head);
  return pieces;
}

/** Absent where the store tells nothing that this reader could compute. */
function expectedDigest(
  { checksum, encryption }: Pick<ObjectHead, 'checksum' | 'encryption'>,
  etag: string,
  etagIsMd5: boolean,
): ExpectedDigest | undefined {
  if (checksum?.type === 'FULL_OBJECT') return checksum;
  const hex = bareEtag(etag);
  // Under a key of KMS the ETag is no MD5 (S3 API, "Common response headers").
  const isPlain = encryption === undefined || encryption.algorithm === 'AES256';
  if (!etagIsMd5 || !isPlain || !MD5_ETAG.test(hex)) return undefined;
  return { algorithm: 'MD5', value: Buffer.from(hex, 'hex').toString('base64') };
}

function compare(key: string, pieces: readonly Uint8Array[], expected: ExpectedDigest | undefined): void {
  if (expected === undefined) return;
  const digest = createChecksum(expected.algorithm);
  for (const piece of pieces) digest.update(piece);
  const found = digest.digest();
  if (found !== expected.value) throw badChecksum(key, expected, found);
}

/** The failure of a content that is not the one that was stored. */
export function badChecksum(key: string, { algorithm, value }: ExpectedDigest, found: string): Failure {
  return new Failure(
    'bad-checksum',
    `${key}: its ${algorithm} is ${value}, that of the bytes that came is ${found}`,
    {
      subject: key,
      remedy: 'Try again; where it stays, the object or the path to it is damaged',
    },
  );
}
