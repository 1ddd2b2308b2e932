import { createHash, type Hash } from 'node:crypto';
import { S3Error } from '../protocol/s3-error.js';
import type { ChunkSigning } from './payload.js';
import { EMPTY_SHA256, sameSignature, sha256Hex, signatureOf } from './signing.js';

/** Verifies the chain of chunk signatures; each one covers the one before it. */
export class ChunkSigner {
  readonly #signing: ChunkSigning;
  #previous: string;
  #hash: Hash = createHash('sha256');

  constructor(signing: ChunkSigning) {
    this.#signing = signing;
    this.#previous = signing.seedSignature;
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** @throws S3Error `SignatureDoesNotMatch`. */
  endChunk(signature: string): void {
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', [EMPTY_SHA256, this.#hash.digest('hex')], signature);
    this.#hash = createHash('sha256');
  }

  /**
   * @param trailer - The trailing fields as `name:value\n`, each one, Latin-1.
   * @throws S3Error `SignatureDoesNotMatch`.
   */
  endTrailer(trailer: string, signature: string): void {
    this.#check('AWS4-HMAC-SHA256-TRAILER', [sha256Hex(trailer)], signature);
  }

  #check(algorithm: string, hashes: readonly string[], signature: string): void {
    const { signingKey, timestamp, scope } = this.#signing.context;
    const text = [algorithm, timestamp, scope, this.#previous, ...hashes].join('\n');
    if (!sameSignature(signatureOf(signingKey, text), signature)) {
      throw new S3Error('SignatureDoesNotMatch', {
        details: { StringToSign: text, SignatureProvided: signature },
      });
    }
    this.#previous = signature;
  }
}
