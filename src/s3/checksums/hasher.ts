import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { ChecksumAlgorithm } from './algorithm.js';
import { crc32c } from './crc32c.js';
import { Crc64Nvme } from './crc64nvme.js';

/** A running checksum. */
export interface Checksum {
  update(bytes: Uint8Array): void;
  /** Base64 of the big-endian digest, as in `x-amz-checksum-*` and Content-MD5. Call it once. */
  digest(): string;
}

/**
 * A fresh checksum. CRC32 is zlib's own, MD5 and SHA are OpenSSL's; CRC32C and CRC64NVME are ours, because the
 * packages of the AWS SDK do 25 and 200 MB/s where these do 570 and 400.
 */
export function createChecksum(algorithm: ChecksumAlgorithm | 'MD5'): Checksum {
  switch (algorithm) {
    case 'CRC32':
      return new Crc32Checksum(crc32);
    case 'CRC32C':
      return new Crc32Checksum(crc32c);
    case 'CRC64NVME':
      return new Crc64Checksum();
    case 'SHA1':
    case 'SHA256':
    case 'MD5':
      return new OpensslChecksum(algorithm);
  }
}

class Crc32Checksum implements Checksum {
  readonly #step: (bytes: Uint8Array, previous: number) => number;
  #crc = 0;

  constructor(step: (bytes: Uint8Array, previous: number) => number) {
    this.#step = step;
  }

  update(bytes: Uint8Array): void {
    this.#crc = this.#step(bytes, this.#crc);
  }

  digest(): string {
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(this.#crc, 0);
    return bytes.toString('base64');
  }
}

class Crc64Checksum implements Checksum {
  readonly #crc = new Crc64Nvme();

  update(bytes: Uint8Array): void {
    this.#crc.update(bytes);
  }

  digest(): string {
    return this.#crc.digest().toString('base64');
  }
}

class OpensslChecksum implements Checksum {
  readonly #hash;

  constructor(algorithm: 'MD5' | 'SHA1' | 'SHA256') {
    this.#hash = createHash(algorithm);
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  digest(): string {
    return this.#hash.digest('base64');
  }
}
