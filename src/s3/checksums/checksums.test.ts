import fc from 'fast-check';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from './algorithm.js';
import { combineChecksums, isCombinable } from './combine.js';
import { createChecksum } from './hasher.js';

const CHECK = Buffer.from('123456789');

/** "check" values of the CRC catalogue (reveng), RFC 1321, FIPS 180-4 tools. */
const PUBLISHED: Readonly<Record<ChecksumAlgorithm | 'MD5', string>> = {
  CRC32: 'cbf43926',
  CRC32C: 'e3069283',
  CRC64NVME: 'ae8b14860a799888',
  MD5: '25f9e794323b453885f5181f1b624d0b',
  SHA1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
};

function checksumOf(algorithm: ChecksumAlgorithm | 'MD5', ...pieces: readonly Uint8Array[]): string {
  const checksum = createChecksum(algorithm);
  for (const piece of pieces) checksum.update(piece);
  return checksum.digest();
}

describe('checksums', () => {
  test.each(Object.entries(PUBLISHED))('%s of "123456789" is the published value', (name, hex) => {
    // The keys of the table are the algorithms; entries() widens them.
    const digest = checksumOf(name as ChecksumAlgorithm, CHECK);
    expect(Buffer.from(digest, 'base64').toString('hex')).toBe(hex);
  });

  test('CRC32C of 32 zero bytes is the value of RFC 3720 appendix B.4', () => {
    const digest = Buffer.from(checksumOf('CRC32C', Buffer.alloc(32)), 'base64');
    expect(digest.toString('hex')).toBe('8a9136aa');
  });

  test.each(CHECKSUM_ALGORITHMS)('%s does not depend on how the bytes are cut', (algorithm) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 6 }), (pieces) => {
        expect(checksumOf(algorithm, ...pieces)).toBe(checksumOf(algorithm, Buffer.concat(pieces)));
      }),
    );
  });

  test.each(CHECKSUM_ALGORITHMS.filter(isCombinable))('%s of a whole follows from its parts', (algorithm) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 6 }), (pieces) => {
        const parts = pieces.map((piece) => ({
          value: checksumOf(algorithm, piece),
          sizeBytes: piece.length,
        }));
        const whole = combineChecksums(algorithm, 'FULL_OBJECT', parts);
        expect(whole.value).toBe(checksumOf(algorithm, Buffer.concat(pieces)));
      }),
    );
  });

  test('a composite checksum is that of the binary part checksums with their number', () => {
    const parts = ['a', 'b'].map((text) => ({
      value: checksumOf('SHA256', Buffer.from(text)),
      sizeBytes: 1,
    }));
    const joined = Buffer.concat(parts.map((part) => Buffer.from(part.value, 'base64')));
    expect(combineChecksums('SHA256', 'COMPOSITE', parts)).toEqual({
      algorithm: 'SHA256',
      type: 'COMPOSITE',
      value: `${checksumOf('SHA256', joined)}-2`,
    });
  });

  test('SHA256 of a whole can not be made from parts', () => {
    expect(() => combineChecksums('SHA256', 'FULL_OBJECT', [])).toThrow(/does not combine/);
  });
});
