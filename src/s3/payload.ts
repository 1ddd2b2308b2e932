import { crc32 } from 'node:zlib';
import type { ObjectBody } from './store.js';

/** What stands in `x-amz-content-sha256` where the signature leaves the body out (S3 API reference, SigV4). */
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
export const CRC32_HEADER = 'x-amz-checksum-crc32';

/** The whole-object CRC of an upload follows from those of its parts (S3 user guide, "Checking object integrity"). */
export const UPLOAD_CHECKSUM = { algorithm: 'CRC32', type: 'FULL_OBJECT' } as const;

/** The value of `x-amz-checksum-crc32`: four bytes, most significant first, in base64. */
export function crc32Base64(bytes: Uint8Array): string {
  return base64OfCrc32(crc32(bytes));
}

/** A CRC32 as that header has it. */
export function base64OfCrc32(crc: number): string {
  const value = Buffer.allocUnsafe(4);
  value.writeUInt32BE(crc);
  return value.toString('base64');
}

/**
 * How bodies in memory are protected on their way. A CRC32 costs an eighth of the CPU time of the SHA-256 that the SDK
 * signs, so it goes with the request and the signature leaves the body out, as it does for streams. A server that
 * verifies the CRC says so by sending it back. Over plain HTTP, where no TLS guards the bytes either, one that does not
 * is sent the SHA-256 from the next request on.
 */
export class PayloadGuard {
  #isSigned = false;
  readonly #isTls: boolean;

  constructor(endpoint: string | undefined) {
    this.#isTls = endpoint?.startsWith('http:') !== true;
  }

  /** The SHA-256 of bodies in memory goes into the signature, for the server keeps no CRC. */
  get isSigned(): boolean {
    return this.#isSigned;
  }

  /**
   * Headers to set before signing; none where the SHA-256 of the body is to be signed.
   *
   * @param knownCrc32 - of the body, where its sender has made it: the server then compares with that, and bytes that
   * changed in between are refused.
   */
  headersFor(body: ObjectBody, knownCrc32?: string): Readonly<Record<string, string>> {
    if (!(body instanceof Uint8Array)) {
      const unsigned = { 'x-amz-content-sha256': UNSIGNED_PAYLOAD };
      return knownCrc32 === undefined ? unsigned : { ...unsigned, [CRC32_HEADER]: knownCrc32 };
    }
    if (this.#isSigned) return {};
    return { 'x-amz-content-sha256': UNSIGNED_PAYLOAD, [CRC32_HEADER]: knownCrc32 ?? crc32Base64(body) };
  }

  /** Takes the CRC that a successful reply to PutObject or UploadPart carries. */
  noteReply(echoedCrc32: string | undefined): void {
    if (echoedCrc32 === undefined && !this.#isTls) this.#isSigned = true;
  }
}
