/** The checksum algorithms of S3's `x-amz-checksum-*` headers (S3 user guide, "Checking object integrity"). */
export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/** `FULL_OBJECT`: over all bytes. `COMPOSITE`: over the binary checksums of the parts, written with `-N`. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** A checksum as S3 keeps it with an object or a part. */
export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** Base64 of the big-endian digest; with the suffix `-N` where `type` is `COMPOSITE`. */
  readonly value: string;
}
