import type { CapacitySchedule } from './capacity.js';

/**
 * A rate ceiling as a virtual timeline: bytes pass one after the other, each taking `bytes / rate`. It is a token
 * bucket of depth zero, written as the time at which the last byte has passed; pure, all times come from the caller.
 */
export class RateBucket {
  readonly #bytesPerMs: number;
  readonly #schedule: CapacitySchedule | undefined;
  #passedMs = -Infinity;

  /** @param schedule - How the rate changes; absent: not. */
  constructor(bytesPerSecond: number, schedule?: CapacitySchedule) {
    if (!(bytesPerSecond > 0)) throw new RangeError(`A rate must be positive, not ${bytesPerSecond}`);
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#schedule = schedule;
  }

  /** Books `bytes` that were ready at `readyMs` and answers with the time at which the last of them has passed. */
  reserve(bytes: number, readyMs: number): number {
    const beginMs = Math.max(this.#passedMs, readyMs);
    const amount = bytes / this.#bytesPerMs;
    this.#passedMs = this.#schedule?.finishMs(beginMs, amount) ?? beginMs + amount;
    return this.#passedMs;
  }

  /** Bytes that are booked and have not passed at `nowMs`: the length of the queue. */
  waitingBytes(nowMs: number): number {
    if (this.#passedMs <= nowMs) return 0;
    const waitMs = this.#schedule?.between(nowMs, this.#passedMs) ?? this.#passedMs - nowMs;
    return waitMs * this.#bytesPerMs;
  }

  /** The bytes were held up elsewhere until `passedMs`: the time until then is not saved up for a burst. */
  follow(passedMs: number): void {
    this.#passedMs = Math.max(this.#passedMs, passedMs);
  }
}
