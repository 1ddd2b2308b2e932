import type { ObjectStore } from '../s3/store.js';

/** Of a new sample of the rate: that of RFC 6298 for the smoothed round trip. */
const GAIN = 1 / 8;
/** Less than that is over before its connection has come to its rate. */
const LEAST_SAMPLE_BYTES = 2 ** 20;

/**
 * What one connection to a store carries in the time of one answer (its bandwidth-delay product), as the transfers before
 * have found it. A connection has so much less to carry for each part: its answer is waited for, and then the next begins.
 *
 * The delay is the least that was seen, so that neither a new connection nor a busy server counts; a path that gets longer
 * only makes the estimate too small.
 */
export class PathEstimate {
  #delayMs = Infinity;
  #bytesPerMs: number | undefined;

  /** Absent: not known yet. */
  get bandwidthDelayBytes(): number | undefined {
    return this.#bytesPerMs === undefined ? undefined : Math.round(this.#bytesPerMs * this.#delayMs);
  }

  /** A request without a body has its answer, of which no body has come yet. */
  answered(durationMs: number): void {
    this.#delayMs = Math.min(this.#delayMs, durationMs);
  }

  /** A part was moved by one request. */
  carried(bytes: number, durationMs: number): void {
    const movingMs = durationMs - this.#delayMs;
    if (bytes < LEAST_SAMPLE_BYTES || !(movingMs > 0)) return;
    const sample = bytes / movingMs;
    this.#bytesPerMs =
      this.#bytesPerMs === undefined ? sample : this.#bytesPerMs + GAIN * (sample - this.#bytesPerMs);
  }
}

const paths = new WeakMap<ObjectStore, PathEstimate>();

/** That of a store: all its transfers learn it together. */
export function pathTo(store: ObjectStore): PathEstimate {
  const path = paths.get(store) ?? new PathEstimate();
  paths.set(store, path);
  return path;
}
