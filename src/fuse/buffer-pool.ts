/** A bounded set of equal read buffers, made when first needed and kept for reuse. */
export class BufferPool {
  readonly #sizeBytes: number;
  readonly #most: number;
  readonly #free: Buffer[] = [];
  #made = 0;

  /**
   * @param sizeBytes - Size of each buffer.
   * @param most - Never more buffers than this exist.
   */
  constructor(sizeBytes: number, most: number) {
    this.#sizeBytes = sizeBytes;
    this.#most = most;
  }

  /** `undefined` where all are lent out. */
  take(): Buffer | undefined {
    const free = this.#free.pop();
    if (free !== undefined || this.#made === this.#most) return free;
    this.#made += 1;
    return Buffer.allocUnsafeSlow(this.#sizeBytes);
  }

  give(buffer: Buffer): void {
    this.#free.push(buffer);
  }
}
