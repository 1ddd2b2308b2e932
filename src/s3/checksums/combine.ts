import type { ChecksumAlgorithm, ChecksumType, StoredChecksum } from './algorithm.js';
import { CRC32C_POLYNOMIAL } from './crc32c.js';
import { CRC64NVME_POLYNOMIAL } from './crc64nvme.js';
import { createChecksum } from './hasher.js';

/** The checksum of a part and how many bytes it covers. */
export interface PartChecksum {
  /** Base64. */
  readonly value: string;
  readonly sizeBytes: number;
}

/** A reflected CRC: its width in bits and its polynomial. */
interface CrcModel {
  readonly bits: number;
  readonly polynomial: bigint;
}

const MODELS: Readonly<Partial<Record<ChecksumAlgorithm, CrcModel>>> = {
  CRC32: { bits: 32, polynomial: 0xedb88320n },
  CRC32C: { bits: 32, polynomial: BigInt(CRC32C_POLYNOMIAL) },
  CRC64NVME: { bits: 64, polynomial: CRC64NVME_POLYNOMIAL },
};

/** Whether the checksum of a whole follows from those of its parts. Not so for SHA1 and SHA256. */
export function isCombinable(algorithm: ChecksumAlgorithm): boolean {
  return MODELS[algorithm] !== undefined;
}

/**
 * The checksum of a multipart object: `COMPOSITE` hashes the binary part checksums, `FULL_OBJECT` is what the whole
 * would give, without reading it again (S3 user guide, "Checking object integrity", multipart uploads).
 *
 * @throws RangeError for `FULL_OBJECT` of an algorithm that can not be combined.
 */
export function combineChecksums(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly PartChecksum[],
): StoredChecksum {
  if (type === 'COMPOSITE') {
    const checksum = createChecksum(algorithm);
    for (const part of parts) checksum.update(Buffer.from(part.value, 'base64'));
    return { algorithm, type, value: `${checksum.digest()}-${parts.length}` };
  }
  const model = MODELS[algorithm];
  if (model === undefined) throw new RangeError(`${algorithm} of parts does not combine to a whole`);
  // Parts are mostly of one size; the power is what costs.
  const powers = new Map<number, bigint>();
  const whole = parts.reduce((crc, { sizeBytes, value }) => {
    const power = powers.get(sizeBytes) ?? powerOfX(model, sizeBytes);
    powers.set(sizeBytes, power);
    return multiply(model, crc, power) ^ fromBase64(value);
  }, 0n);
  const hex = whole.toString(16).padStart(model.bits / 4, '0');
  return { algorithm, type, value: Buffer.from(hex, 'hex').toString('base64') };
}

function fromBase64(value: string): bigint {
  return BigInt(`0x${Buffer.from(value, 'base64').toString('hex')}`);
}

/** a * b modulo the polynomial; reflected, so the highest bit stands for 1. */
function multiply({ bits, polynomial }: CrcModel, a: bigint, b: bigint): bigint {
  let product = 0n;
  let shifted = b;
  for (let bit = BigInt(bits - 1); bit >= 0n; bit -= 1n) {
    if ((a >> bit) & 1n) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}

/** x to the power of `8 * sizeBytes`: what appending so many bytes multiplies a CRC with. */
function powerOfX(model: CrcModel, sizeBytes: number): bigint {
  const one = 1n << BigInt(model.bits - 1);
  let result = one;
  let square = one >> 8n;
  for (let left = BigInt(sizeBytes); left > 0n; left >>= 1n) {
    if (left & 1n) result = multiply(model, result, square);
    square = multiply(model, square, square);
  }
  return result;
}
