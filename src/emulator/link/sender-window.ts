/** Payload of one Ethernet frame with TCP/IPv4 (1500 - 40 bytes). */
export const SEGMENT_BYTES = 1460;
/** RFC 6928: the first window, in segments. */
const INITIAL_SEGMENTS = 10;
/** RFC 9438 section 4.6 and 5.1. */
const BETA = 0.7;
const C = 0.4;
/** RFC 9438 section 4.3. */
const RENO_ALPHA = (3 * (1 - BETA)) / (1 + BETA);
/** RFC 6298 section 2.4 asks for a second; Linux takes 200 ms (TCP_RTO_MIN). */
const LEAST_TIMEOUT_MS = 200;
/** RFC 9406 section 4.3: the rise of the round trip that slows slow start, an eighth of it between these. */
const LEAST_RISE_MS = 4;
const MOST_RISE_MS = 16;
/** RFC 9406 section 4.3: samples of a round that are looked at, how slow growth is then, and for how many rounds. */
const ROUND_SAMPLES = 8;
const CAUTIOUS_DIVISOR = 4;
const CAUTIOUS_ROUNDS = 5;

/**
 * The window of the sender of one direction of a connection, as Linux keeps it: slow start from 10 segments (RFC 6928)
 * until a loss or some rounds after the round trip rises (RFC 9406), then CUBIC (RFC 9438). It limits the bytes that are under way.
 * Pure; all times come from the caller.
 */
export class SenderWindow {
  #bytes = INITIAL_SEGMENTS * SEGMENT_BYTES;
  #threshold = Infinity;
  #smoothMs: number;
  #lastMax = 0;
  #epoch: { readonly startMs: number; readonly toMaxS: number } | undefined;
  #reno = 0;
  #recoveryEndMs = -Infinity;
  /** A round of slow start: a window's worth of answers. */
  #round = {
    endMs: -Infinity,
    leastMs: Infinity,
    samples: 0,
    leastBeforeMs: Infinity,
    cautiousLeft: Infinity,
  };

  /** @param roundTripMs - The path's, until there are samples. */
  constructor(roundTripMs: number) {
    this.#smoothMs = roundTripMs;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get roundTripMs(): number {
    return this.#smoothMs;
  }

  /** After how long without an answer the sender takes all that is under way for lost (RFC 6298). */
  get timeoutMs(): number {
    return Math.max(LEAST_TIMEOUT_MS, 2 * this.#smoothMs);
  }

  /** @param isUsedUp - The window held the sender up; a window that is not used does not grow (RFC 9438 section 5.8). */
  acknowledge(bytes: number, roundTripMs: number, nowMs: number, isUsedUp: boolean): void {
    this.#smoothMs += (roundTripMs - this.#smoothMs) / 8;
    if (!isUsedUp || nowMs < this.#recoveryEndMs) return;
    if (this.#bytes >= this.#threshold) {
      this.#avoidCongestion(bytes, nowMs);
      return;
    }
    this.#watchRound(roundTripMs, nowMs);
    this.#bytes += this.#round.cautiousLeft === Infinity ? bytes : bytes / CAUTIOUS_DIVISOR;
    if (this.#round.cautiousLeft <= 0) this.#threshold = this.#bytes;
  }

  /** A hole in what has arrived; losses of one round trip are one event. */
  lose(nowMs: number): void {
    if (nowMs < this.#recoveryEndMs) return;
    const segments = this.#bytes / SEGMENT_BYTES;
    // RFC 9438 section 4.7, fast convergence.
    this.#lastMax = segments < this.#lastMax ? (segments * (1 + BETA)) / 2 : segments;
    this.#bytes = Math.max(2 * SEGMENT_BYTES, this.#bytes * BETA);
    this.#threshold = this.#bytes;
    this.#epoch = undefined;
    this.#recoveryEndMs = nowMs + this.#smoothMs;
  }

  /** Nothing came back: slow start begins again from one segment (RFC 5681 section 3.1). */
  timeOut(nowMs: number): void {
    this.#recoveryEndMs = -Infinity;
    this.lose(nowMs);
    this.#bytes = SEGMENT_BYTES;
    this.#recoveryEndMs = nowMs + this.#smoothMs;
  }

  /** A pause of more than a time-out: the path may have changed (RFC 2861; Linux: tcp_slow_start_after_idle). */
  restart(): void {
    this.#bytes = Math.min(this.#bytes, INITIAL_SEGMENTS * SEGMENT_BYTES);
    this.#epoch = undefined;
    this.#round.cautiousLeft = Infinity;
  }

  /** HyStart++: the least of the first samples of a round, compared with that of the round before. */
  #watchRound(roundTripMs: number, nowMs: number): void {
    const round = this.#round;
    if (nowMs >= round.endMs) {
      round.leastBeforeMs = round.leastMs;
      round.leastMs = Infinity;
      round.samples = 0;
      round.endMs = nowMs + roundTripMs;
      round.cautiousLeft -= 1;
    }
    round.samples += 1;
    if (round.samples > ROUND_SAMPLES) return;
    round.leastMs = Math.min(round.leastMs, roundTripMs);
    if (round.samples < ROUND_SAMPLES || round.leastBeforeMs === Infinity) return;
    const rise = Math.min(MOST_RISE_MS, Math.max(LEAST_RISE_MS, round.leastBeforeMs / 8));
    if (round.leastMs >= round.leastBeforeMs + rise) {
      round.cautiousLeft = Math.min(round.cautiousLeft, CAUTIOUS_ROUNDS);
    }
  }

  #avoidCongestion(bytes: number, nowMs: number): void {
    const segments = this.#bytes / SEGMENT_BYTES;
    if (this.#epoch === undefined) {
      const below = Math.max(0, this.#lastMax - segments);
      this.#epoch = { startMs: nowMs, toMaxS: Math.cbrt(below / C) };
      this.#lastMax = Math.max(this.#lastMax, segments);
      this.#reno = segments;
    }
    const sinceS = (nowMs - this.#epoch.startMs + this.#smoothMs) / 1000;
    const target = C * (sinceS - this.#epoch.toMaxS) ** 3 + this.#lastMax;
    const acked = bytes / SEGMENT_BYTES;
    this.#reno += (RENO_ALPHA * acked) / segments;
    const wanted = Math.min(Math.max(target, segments), segments * 1.5);
    const grown = segments + ((wanted - segments) * acked) / segments;
    this.#bytes = Math.max(grown, this.#reno) * SEGMENT_BYTES;
  }
}
