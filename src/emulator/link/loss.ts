import type { Random } from '../../random/random.js';
import { trialsUntil } from './draws.js';

/**
 * Loss of segments in Gilbert's model: between bursts nothing is lost, in a burst everything. The long-run share is
 * `ratio`, bursts have `burstSegments` on average (1: each loss by itself, independent of the others).
 */
export class LossProcess {
  readonly #random: Random;
  readonly #enter: number;
  readonly #exit: number;
  #good: number;
  #bad = 0;

  constructor(ratio: number, burstSegments: number, random: Random) {
    this.#random = random;
    this.#exit = 1 / burstSegments;
    // The share of the bad state is enter / (enter + exit).
    this.#enter = Math.min(1, (ratio * this.#exit) / (1 - ratio));
    this.#good = this.#goodRun();
  }

  /** How many of the next `segments` are lost. */
  lostOf(segments: number): number {
    let lost = 0;
    for (let left = segments; left > 0;) {
      const good = Math.min(left, this.#good);
      this.#good -= good;
      left -= good;
      if (this.#good > 0) break;
      if (this.#bad === 0) this.#bad = trialsUntil(this.#exit, this.#random);
      const bad = Math.min(left, this.#bad);
      this.#bad -= bad;
      left -= bad;
      lost += bad;
      if (this.#bad === 0) this.#good = this.#goodRun();
    }
    return lost;
  }

  /** Segments that pass before the next burst: at least one, or two bursts would be one. */
  #goodRun(): number {
    return trialsUntil(this.#enter, this.#random);
  }
}
