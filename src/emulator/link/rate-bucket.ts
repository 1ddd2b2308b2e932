/**
 * A rate ceiling as a virtual timeline: bytes pass one after the other, each taking `bytes / rate`. It is a token
 * bucket of depth zero, written as the time at which the last byte has passed; pure, all times come from the caller.
 */
export class RateBucket {
  readonly #bytesPerMs: number;
  #passedMs = -Infinity;

  constructor(bytesPerSecond: number) {
    if (!(bytesPerSecond > 0)) throw new RangeError(`A rate must be positive, not ${bytesPerSecond}`);
    this.#bytesPerMs = bytesPerSecond / 1000;
  }

  /** Books `bytes` that were ready at `readyMs` and answers with the time at which the last of them has passed. */
  reserve(bytes: number, readyMs: number): number {
    this.#passedMs = Math.max(this.#passedMs, readyMs) + bytes / this.#bytesPerMs;
    return this.#passedMs;
  }

  /** The bytes were held up elsewhere until `passedMs`: the time until then is not saved up for a burst. */
  follow(passedMs: number): void {
    this.#passedMs = Math.max(this.#passedMs, passedMs);
  }
}
