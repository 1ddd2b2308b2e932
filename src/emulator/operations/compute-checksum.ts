import type { Readable } from 'node:stream';
import type { ChecksumAlgorithm, StoredChecksum } from '../../s3/checksums/algorithm.js';
import { createChecksum } from '../../s3/checksums/hasher.js';

/** The checksum over all bytes of a stream. */
export async function checksumOf(algorithm: ChecksumAlgorithm, source: Readable): Promise<StoredChecksum> {
  const checksum = createChecksum(algorithm);
  // A stream of the storage gives buffers.
  for await (const piece of source) checksum.update(piece as Buffer);
  return { algorithm, type: 'FULL_OBJECT', value: checksum.digest() };
}
