import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, type StoredChecksum } from './algorithm.js';

/**
 * The checksum that a reply tells of an object. A server that tells no type is known by the form of the value: only a
 * composite one ends with `-N` (S3 user guide, "Checking object integrity").
 *
 * @param valueOf - what the reply has for an algorithm.
 */
export function toStoredChecksum(
  valueOf: (algorithm: ChecksumAlgorithm) => string | undefined,
  type: string | undefined,
): StoredChecksum | undefined {
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = valueOf(algorithm);
    if (value === undefined || value === '') continue;
    const isComposite = type === 'COMPOSITE' || /-\d+$/.test(value);
    return { algorithm, type: isComposite ? 'COMPOSITE' : 'FULL_OBJECT', value };
  }
  return undefined;
}
