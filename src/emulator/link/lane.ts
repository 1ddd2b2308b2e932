import { Flight } from './flight.js';
import type { LossProcess } from './loss.js';
import type { RateBucket } from './rate-bucket.js';
import { SEGMENT_BYTES, type SenderWindow } from './sender-window.js';
import type { LaneCounts } from './statistics.js';

/** What limits one direction of one connection. */
export interface LaneLimits {
  /** Of this connection alone. Absent: not limited. */
  readonly own?: RateBucket;
  /** Shared by all connections of the link. */
  readonly shared?: RateBucket;
  /** Depth of the queue before `shared`. Absent: connections take turns instead of queueing. */
  readonly queueBytes?: number;
  /** Time from the last bit sent to the last bit received, in ms. */
  readonly delayMs: number;
  /** Added to the delay of each piece. */
  readonly jitterMs?: () => number;
  /** Bytes are booked in pieces of this size, so that connections take turns on the shared ceiling. */
  readonly quantumBytes: number;
  /** Most bytes under way; beyond it nothing is admitted and the sender feels it. */
  readonly capacityBytes: number;
  /** Of a sender that begins slowly and reacts to loss. Absent: all of `capacityBytes` at once. */
  readonly window?: SenderWindow;
  readonly loss?: LossProcess;
  readonly counts: LaneCounts;
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

/** Linux: tcp_tso_win_divisor. */
const WINDOW_DIVISOR = 3;

/** Bytes and the time at which they arrive. */
export interface Piece {
  readonly bytes: Buffer;
  /** Infinity: dropped, and not sent again yet. */
  dueMs: number;
}

/** A dropped piece and when the sender will send it again. */
interface Dropped {
  readonly piece: Piece;
  againMs: number;
}

/** One direction of one connection: admits pieces, delays them, hands them out in order. Pure; knows no timers. */
export class Lane {
  readonly #limits: LaneLimits;
  readonly #flight = new Flight();
  #pieces: Piece[] = [];
  #head = 0;
  #bytes = 0;
  #dropped: Dropped[] = [];
  #bookedMs = -Infinity;
  #heldUntilMs = -Infinity;
  /** Since when the sender has been sending without a pause. */
  #readyMs = -Infinity;
  #silentSinceMs: number | undefined = -Infinity;
  /** When an answer made room in the window that was used up. */
  #roomMs = -Infinity;
  #isWindowUsedUp = false;
  #waitingBytes = Infinity;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#head === this.#pieces.length;
  }

  /** The most that the next piece may have. */
  get nextBytes(): number {
    const { window, quantumBytes } = this.#limits;
    if (window === undefined) return quantumBytes;
    const room = Math.floor(window.bytes) - this.#flight.bytes;
    return Math.max(SEGMENT_BYTES, Math.min(quantumBytes, room));
  }

  /** Admits nothing before this time (set-up of the connection, service time). */
  holdUntil(timeMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, timeMs);
  }

  /** @param waitingBytes - What the sender has for now: a rest of it is sent even where it is no good piece. */
  mayAdmit(nowMs: number, waitingBytes = Infinity): boolean {
    this.#waitingBytes = waitingBytes;
    this.#sendAgain(nowMs);
    this.#hearAfterPause(nowMs);
    if (this.#bytes >= this.#limits.capacityBytes) return false;
    // One piece of a connection is booked at a time: on a shared ceiling without a queue the connections take turns.
    if (Math.max(this.#bookedMs, this.#heldUntilMs) > nowMs + TICK_TOLERANCE_MS) return false;
    return this.#findRoom(nowMs + TICK_TOLERANCE_MS);
  }

  /** Takes a piece of at most `nextBytes`; only after `mayAdmit`. */
  admit(bytes: Buffer, nowMs: number): void {
    const readyMs = this.#readyAt(nowMs);
    const piece: Piece = { bytes, dueMs: Infinity };
    this.#pieces.push(piece);
    this.#bytes += bytes.length;
    if (this.#limits.window !== undefined) this.#flight.leave(bytes.length);
    const { own, queueBytes, counts } = this.#limits;
    counts.bytes += bytes.length;
    const ownMs = own?.reserve(bytes.length, readyMs) ?? readyMs;
    if (queueBytes === undefined) {
      const sharedMs = this.#limits.shared?.reserve(bytes.length, readyMs) ?? readyMs;
      this.#bookedMs = Math.max(ownMs, sharedMs, this.#bookedMs);
      own?.follow(this.#bookedMs);
      this.#carry(piece, readyMs, this.#bookedMs);
      return;
    }
    this.#bookedMs = Math.max(ownMs, this.#bookedMs);
    this.#queue(piece, this.#bookedMs);
  }

  /** The sender has nothing more just now; unless it goes on at once, the pause is not saved up for a burst. */
  senderIdle(nowMs: number): void {
    this.#silentSinceMs ??= nowMs;
  }

  /** The next piece if its time has come. */
  take(nowMs: number): Piece | undefined {
    this.#sendAgain(nowMs);
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
    const times = this.#dropped.map(({ againMs }) => againMs);
    const dueMs = this.#pieces[this.#head]?.dueMs;
    if (receiverWaits && dueMs !== undefined) times.push(dueMs);
    if (senderWaits && this.#bytes < this.#limits.capacityBytes) times.push(this.#admissionMs());
    const wakeMs = Math.min(...times);
    return times.length === 0 || wakeMs === Infinity ? undefined : wakeMs;
  }

  #admissionMs(): number {
    const roomMs = this.#hasRoom() ? -Infinity : (this.#flight.nextAckMs ?? Infinity);
    return Math.max(this.#bookedMs, this.#heldUntilMs, roomMs);
  }

  /** When the bytes that come now were ready to go; earlier than now where only a late timer kept them. */
  #readyAt(nowMs: number): number {
    const { own, shared, queueBytes } = this.#limits;
    const pauseMs = this.#silentSinceMs === undefined ? 0 : nowMs - this.#silentSinceMs;
    if (pauseMs > SILENCE_MS) this.#readyMs = nowMs;
    this.#silentSinceMs = undefined;
    const isPaced = own !== undefined || (shared !== undefined && queueBytes === undefined);
    const wasBlocked = Math.max(this.#roomMs, this.#heldUntilMs) > this.#readyMs;
    const sinceMs = isPaced || wasBlocked ? Math.min(this.#readyMs, nowMs) : nowMs;
    // What comes next and waits for nothing is ready when it comes.
    if (!isPaced) this.#readyMs = nowMs;
    return Math.max(sinceMs, nowMs - CATCH_UP_MS, this.#heldUntilMs, this.#roomMs);
  }

  /** A sender that begins again has heard all answers, and its window was not what held it up. */
  #hearAfterPause(nowMs: number): void {
    const { window } = this.#limits;
    if (window === undefined || this.#silentSinceMs === undefined) return;
    const pauseMs = nowMs - this.#silentSinceMs;
    if (pauseMs <= SILENCE_MS) return;
    for (let answer = this.#flight.take(nowMs); answer !== undefined; answer = this.#flight.take(nowMs)) {
      window.acknowledge(answer.bytes, answer.roundTripMs, answer.ackMs, this.#isWindowUsedUp);
    }
    this.#isWindowUsedUp = false;
    if (pauseMs > window.timeoutMs) window.restart();
  }

  /**
   * As Linux does (tcp_tso_should_defer), a sender with more than there is room for waits until the room is a good piece of
   * its window. Else each small piece would make room for another small one, for the rest of the connection.
   */
  #hasRoom(): boolean {
    const { window, quantumBytes } = this.#limits;
    if (window === undefined || this.#flight.bytes === 0) return true;
    const good = Math.min(quantumBytes, this.#waitingBytes, window.bytes / WINDOW_DIVISOR);
    return window.bytes - this.#flight.bytes >= Math.max(SEGMENT_BYTES, good);
  }

  /** Answers are heard when the window is used up, one by one, so that late timers do not slow its growth. */
  #findRoom(untilMs: number): boolean {
    const { window } = this.#limits;
    if (window === undefined) return true;
    while (!this.#hasRoom()) {
      this.#isWindowUsedUp = true;
      const answer = this.#flight.take(untilMs);
      if (answer === undefined) return false;
      window.acknowledge(answer.bytes, answer.roundTripMs, answer.ackMs, true);
      this.#roomMs = answer.ackMs;
    }
    return true;
  }

  /** Puts a piece into the queue before the shared ceiling, or drops it where that is full. */
  #queue(piece: Piece, atMs: number): void {
    const { shared, queueBytes = Infinity, window, counts } = this.#limits;
    const waiting = shared?.waitingBytes(atMs) ?? 0;
    counts.deepestQueueBytes = Math.max(counts.deepestQueueBytes, Math.min(queueBytes, waiting));
    if (waiting + piece.bytes.length <= queueBytes) {
      this.#carry(piece, atMs, shared?.reserve(piece.bytes.length, atMs) ?? atMs);
      return;
    }
    counts.drops += 1;
    window?.lose(atMs);
    this.#dropped.push({ piece, againMs: atMs + (window?.roundTripMs ?? 2 * this.#limits.delayMs) });
  }

  /** Dropped pieces whose time has come; one that is dropped again waits for the time-out. */
  #sendAgain(nowMs: number): void {
    if (this.#dropped.length === 0) return;
    const due = this.#dropped.filter(({ againMs }) => againMs <= nowMs + TICK_TOLERANCE_MS);
    if (due.length === 0) return;
    this.#dropped = this.#dropped.filter((dropped) => !due.includes(dropped));
    for (const { piece, againMs } of due) this.#queue(piece, Math.max(againMs, nowMs - CATCH_UP_MS));
  }

  /** A piece has passed the ceilings at `passedMs`: when it arrives, and when the sender hears of it. */
  #carry(piece: Piece, sentMs: number, passedMs: number): void {
    const { delayMs, jitterMs, loss, window, counts } = this.#limits;
    const directMs = passedMs + delayMs + (jitterMs?.() ?? 0);
    const lost = loss?.lostOf(Math.ceil(piece.bytes.length / SEGMENT_BYTES)) ?? 0;
    counts.segments += Math.ceil(piece.bytes.length / SEGMENT_BYTES);
    const arrivalMs = lost === 0 ? directMs : directMs + this.#recover(lost, passedMs);
    piece.dueMs = arrivalMs;
    if (window === undefined) return;
    const roundTripMs = directMs + delayMs - sentMs;
    this.#flight.expect({ bytes: piece.bytes.length, ackMs: arrivalMs + delayMs, roundTripMs });
  }

  /**
   * How much later lost segments arrive: a round trip where others behind them tell of the hole, a time-out where the
   * hole takes most of the window (RFC 6675: three later segments must arrive) or the repetition is lost too.
   */
  #recover(lost: number, nowMs: number): number {
    const { window, loss, counts, delayMs } = this.#limits;
    counts.losses += lost;
    if (window === undefined) return 2 * delayMs;
    const isLostAgain = (loss?.lostOf(1) ?? 0) > 0;
    if (isLostAgain || (lost + 3) * SEGMENT_BYTES > window.bytes) {
      counts.timeouts += 1;
      const lateMs = window.timeoutMs + window.roundTripMs;
      window.timeOut(nowMs);
      return lateMs;
    }
    window.lose(nowMs);
    return window.roundTripMs;
  }
}
