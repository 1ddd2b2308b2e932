import type { CapacityStep } from './profile.js';

/** A capacity that changes in steps. Pure: all times come from the caller, the steps count from `startMs`. */
export class CapacitySchedule {
  readonly #steps: readonly CapacityStep[];
  readonly #periodMs: number;
  readonly #startMs: number;

  /** @param steps - In the order of time; before the first the factor is 1. */
  constructor(steps: readonly CapacityStep[], startMs: number, periodMs = Infinity) {
    this.#steps = steps;
    this.#startMs = startMs;
    this.#periodMs = periodMs;
    const last = steps.at(-1);
    if (last !== undefined && last.factor <= 0 && periodMs === Infinity) {
      throw new RangeError('A capacity that ends at 0 would never carry anything again');
    }
  }

  /** When `amount` (ms of full capacity) has passed that began at `fromMs`. */
  finishMs(fromMs: number, amount: number): number {
    let atMs = fromMs;
    let left = amount;
    for (;;) {
      const { factor, untilMs } = this.#stepAt(atMs);
      const passes = (untilMs - atMs) * factor;
      if (left <= passes) return atMs + left / factor;
      left -= passes;
      atMs = untilMs;
    }
  }

  /** What passes between two times, in ms of full capacity. */
  between(fromMs: number, toMs: number): number {
    let sum = 0;
    for (let atMs = fromMs; atMs < toMs;) {
      const { factor, untilMs } = this.#stepAt(atMs);
      const end = Math.min(untilMs, toMs);
      sum += (end - atMs) * factor;
      atMs = end;
    }
    return sum;
  }

  #stepAt(timeMs: number): { readonly factor: number; readonly untilMs: number } {
    const sinceMs = timeMs - this.#startMs;
    if (sinceMs < 0) return { factor: 1, untilMs: this.#startMs };
    const turn = this.#periodMs === Infinity ? 0 : Math.floor(sinceMs / this.#periodMs);
    const turnStartMs = this.#startMs + (turn === 0 ? 0 : turn * this.#periodMs);
    const next = this.#steps.findIndex(({ afterMs }) => turnStartMs + afterMs > timeMs);
    const current = this.#steps[(next < 0 ? this.#steps.length : next) - 1];
    const endMs = turnStartMs + Math.min(this.#steps[next]?.afterMs ?? Infinity, this.#periodMs);
    // A step shorter than the clock can tell must not hold the loop.
    return { factor: current?.factor ?? 1, untilMs: endMs > timeMs ? endMs : timeMs + 0.001 };
  }
}
