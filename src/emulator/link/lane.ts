import type { RateBucket } from './rate-bucket.js';

/** What limits one direction of one connection. */
export interface LaneLimits {
  /** Of this connection alone. Absent: not limited. */
  readonly own?: RateBucket;
  /** Shared by all connections of the link. */
  readonly shared?: RateBucket;
  /** Time from the last bit sent to the last bit received, in ms. */
  readonly delayMs: number;
  /** Bytes are booked in pieces of this size, so that connections take turns on the shared ceiling. */
  readonly quantumBytes: number;
  /** Most bytes under way; beyond it nothing is admitted and the sender feels it. */
  readonly capacityBytes: number;
}

/** A piece whose time comes within half a timer tick is due: waiting would make it a whole tick late. */
const TICK_TOLERANCE_MS = 0.5;

/**
 * The most that a late timer or a busy event loop is made up for. Bytes that were waiting go on where the timeline
 * stood, so the rate holds on a loaded machine; a longer stall is lost, as on a real link.
 */
const CATCH_UP_MS = 100;

/**
 * A sender that is silent for less than this is still sending: streams hand over one buffer at a time. Shorter than
 * the round trip of every profile in which a ceiling matters, so a pause between requests never counts.
 */
const SILENCE_MS = 5;

/** Bytes and the time at which they arrive. */
export interface Piece {
  readonly bytes: Buffer;
  readonly dueMs: number;
}

/** One direction of one connection: admits pieces, delays them, hands them out in order. Pure; knows no timers. */
export class Lane {
  readonly #limits: LaneLimits;
  #pieces: Piece[] = [];
  #head = 0;
  #bytes = 0;
  #bookedMs = -Infinity;
  #heldUntilMs = -Infinity;
  /** Since when the sender has been sending without a pause. */
  #readyMs = -Infinity;
  #silentSinceMs: number | undefined = -Infinity;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#head === this.#pieces.length;
  }

  get quantumBytes(): number {
    return this.#limits.quantumBytes;
  }

  /** Admits nothing before this time (set-up of the connection, service time). */
  holdUntil(timeMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, timeMs);
  }

  mayAdmit(nowMs: number): boolean {
    return this.#bytes < this.#limits.capacityBytes && this.#admissionMs() <= nowMs + TICK_TOLERANCE_MS;
  }

  /** Takes a piece of at most `quantumBytes`; only after `mayAdmit`. */
  admit(bytes: Buffer, nowMs: number): void {
    if (this.#silentSinceMs !== undefined && nowMs - this.#silentSinceMs > SILENCE_MS) this.#readyMs = nowMs;
    this.#silentSinceMs = undefined;
    const readyMs = Math.max(Math.min(this.#readyMs, nowMs), nowMs - CATCH_UP_MS, this.#heldUntilMs);
    const ownMs = this.#limits.own?.reserve(bytes.length, readyMs) ?? readyMs;
    const sharedMs = this.#limits.shared?.reserve(bytes.length, readyMs) ?? readyMs;
    this.#bookedMs = Math.max(ownMs, sharedMs, this.#bookedMs);
    this.#limits.own?.follow(this.#bookedMs);
    this.#pieces.push({ bytes, dueMs: this.#bookedMs + this.#limits.delayMs });
    this.#bytes += bytes.length;
  }

  /** The sender has nothing more just now; unless it goes on at once, the pause is not saved up for a burst. */
  senderIdle(nowMs: number): void {
    this.#silentSinceMs ??= nowMs;
  }

  /** The next piece if its time has come. */
  take(nowMs: number): Piece | undefined {
    const piece = this.#pieces[this.#head];
    if (piece === undefined || piece.dueMs > nowMs + TICK_TOLERANCE_MS) return undefined;
    this.#head += 1;
    this.#bytes -= piece.bytes.length;
    if (this.#head === this.#pieces.length || this.#head > 256) {
      this.#pieces = this.#pieces.slice(this.#head);
      this.#head = 0;
    }
    return piece;
  }

  /** When to look again; undefined: nothing will happen by time alone. */
  wakeMs(senderWaits: boolean, receiverWaits: boolean): number | undefined {
    const dueMs = receiverWaits ? this.#pieces[this.#head]?.dueMs : undefined;
    const full = this.#bytes >= this.#limits.capacityBytes;
    const admissionMs = senderWaits && !full ? this.#admissionMs() : undefined;
    if (dueMs === undefined || admissionMs === undefined) return dueMs ?? admissionMs;
    return Math.min(dueMs, admissionMs);
  }

  #admissionMs(): number {
    // One piece of a connection is booked at a time: on the shared ceiling the connections take turns.
    return Math.max(this.#bookedMs, this.#heldUntilMs);
  }
}
