import { Failure } from '../../errors/failure.js';
import type { WriteResult } from '../../s3/store.js';
import type { Verification } from '../transporter.js';

/**
 * Whether the server's checksum of what it has is that of what was sent.
 *
 * @param crc32 - of the whole, as it was sent; absent: of a body that went by as a stream.
 * @throws Failure `bad-checksum`.
 */
export function serverVerification(result: WriteResult, crc32: string | undefined): Verification {
  const { checksum } = result;
  if (crc32 === undefined) return { verified: false, reason: 'the body was sent without a checksum' };
  if (checksum?.algorithm !== 'CRC32' || checksum.type !== 'FULL_OBJECT') {
    return { verified: false, reason: 'the store keeps no checksum of the object' };
  }
  if (checksum.value === crc32) return { verified: true, by: 'CRC32 FULL_OBJECT' };
  throw new Failure('bad-checksum', `The object has the CRC32 ${checksum.value}, what was sent ${crc32}`, {
    remedy: 'Send it again',
  });
}
