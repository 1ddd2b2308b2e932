import type { StoredChecksum } from '../../s3/checksums/algorithm.js';
import { createChecksum, type Checksum } from '../../s3/checksums/hasher.js';

/** Of all parts but the last where they have one size, else of each. */
export type PartSizes = number | readonly number[];

/**
 * The checksum of a whole object over bytes in order, in the form that the store keeps. A composite one hashes the
 * binary checksums of the parts (S3 user guide, "Checking object integrity").
 */
export class WholeDigest {
  readonly #stored: StoredChecksum;
  readonly #partSizes: PartSizes;
  readonly #parts: Buffer[] = [];
  #current: Checksum;
  #leftBytes: number;

  /** @param partSizes - for a composite checksum. */
  constructor(stored: StoredChecksum, partSizes: PartSizes = Infinity) {
    this.#stored = stored;
    this.#partSizes = stored.type === 'COMPOSITE' ? partSizes : Infinity;
    this.#current = createChecksum(stored.algorithm);
    this.#leftBytes = this.#nextPartBytes();
  }

  update(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.byteLength > 0) {
      if (this.#leftBytes === 0) this.#endPart();
      const piece = rest.subarray(0, Math.min(rest.byteLength, this.#leftBytes));
      this.#current.update(piece);
      this.#leftBytes -= piece.byteLength;
      rest = rest.subarray(piece.byteLength);
    }
  }

  /** As the store writes it. Call it once. */
  value(): string {
    if (this.#stored.type === 'FULL_OBJECT') return this.#current.digest();
    this.#endPart();
    const whole = createChecksum(this.#stored.algorithm);
    for (const part of this.#parts) whole.update(part);
    return `${whole.digest()}-${this.#parts.length}`;
  }

  #endPart(): void {
    this.#parts.push(Buffer.from(this.#current.digest(), 'base64'));
    this.#current = createChecksum(this.#stored.algorithm);
    this.#leftBytes = this.#nextPartBytes();
  }

  #nextPartBytes(): number {
    return typeof this.#partSizes === 'number'
      ? this.#partSizes
      : (this.#partSizes[this.#parts.length] ?? Infinity);
  }
}
