/**
 * Shared memory under one bound. All of it is used again: the collector does not know how much shared memory hangs on
 * an object, so what is made anew for each body grows to gigabytes before it is freed.
 */
export class SharedBuffers {
  readonly #mostBytes: number;
  readonly #free: SharedArrayBuffer[] = [];
  #heldBytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** A buffer of at least that size; `undefined` where the bound leaves no room. Its bytes are anything. */
  take(sizeBytes: number): SharedArrayBuffer | undefined {
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= sizeBytes);
    if (at >= 0) return this.#free.splice(at, 1)[0];
    while (this.#heldBytes + sizeBytes > this.#mostBytes) {
      const idle = this.#free.pop();
      if (idle === undefined) return undefined;
      this.#heldBytes -= idle.byteLength;
    }
    this.#heldBytes += sizeBytes;
    return new SharedArrayBuffer(sizeBytes);
  }

  /** For those who know that nobody reads or writes it any more. */
  giveBack(buffer: SharedArrayBuffer): void {
    this.#free.push(buffer);
  }
}
