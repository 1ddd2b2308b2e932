import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { Lane } from './lane.js';
import type { Link } from './link.js';

/** What a timer is commonly late by; the service time is counted from when the request was due. */
const TIMER_LATENESS_MS = 2;
/** Read ahead of the path: what a ceiling of 12.5 MB/s takes in 20 ms, in which the event loop may be busy elsewhere. */
const INBOX_BYTES = 256 * 1024;
const CONTINUE = Buffer.from('HTTP/1.1 100');

/**
 * Puts a connection of the server behind the link. Give what it answers to
 * `httpServer.emit('connection', …)`; the server that accepts must be made with `allowHalfOpen: true`, as
 * node:http makes its own. A link that shapes nothing gives the socket back.
 *
 * Client to server: bytes are read from the socket no faster than the link admits, so the client is slowed by TCP
 * itself. The first byte comes a round trip late (connection set-up), every byte half a round trip. Server to client:
 * the first byte of each reply comes no earlier than the service time after the last byte of its request (the
 * server's own work counts into it), then half a round trip, at the link's rate.
 */
export function shapeConnection(socket: Socket, link: Link): ShapedConnection | Socket {
  return link.shapes ? new ShapedConnection(socket, link) : socket;
}

interface PendingWrite {
  bytes: Buffer;
  readonly done: (error?: Error | null) => void;
}

/** A socket seen through a link. */
export class ShapedConnection extends Duplex {
  readonly #socket: Socket;
  readonly #link: Link;
  readonly #up: Lane;
  readonly #down: Lane;
  readonly #cancelTimer: Record<'up' | 'down', (() => void) | undefined> = { up: undefined, down: undefined };
  /** What has come from the client and not been admitted, in the buffers that it came in: nothing is copied. */
  readonly #inbox: Buffer[] = [];
  #inboxBytes = 0;
  #upEnded = false;
  #wantsBytes = true;
  #clientWritable = true;
  /** Request bytes were handed to the server since it last began a reply. */
  #replyDue = false;
  #requestArrivedMs = 0;
  #write: PendingWrite | undefined;
  #finish: (() => void) | undefined;
  #pumpingDown = false;
  #bytesToReset: number;
  #resetsWhenSent = false;

  constructor(socket: Socket, link: Link) {
    super({ allowHalfOpen: true, readableHighWaterMark: 256 * 1024, writableHighWaterMark: 64 * 1024 });
    this.#socket = socket;
    this.#link = link;
    this.#up = link.newUpLane();
    this.#down = link.newDownLane();
    this.#bytesToReset = link.bytesToReset();
    link.counts.connections += 1;
    this.#up.holdUntil(link.clock.nowMs() + link.profile.roundTripMs);
    socket.setNoDelay(true);
    this.#listen();
    this.#pumpUp();
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort;
  }

  /** Idle time-out of the socket beneath; node:http calls it where it is there. */
  setTimeout(timeoutMs: number, onTimeout?: () => void): this {
    if (onTimeout !== undefined) this.once('timeout', onTimeout);
    this.#socket.setTimeout(timeoutMs);
    return this;
  }

  /** Ends the connection with a TCP reset as soon as what was written has arrived. */
  resetAndDestroy(): this {
    this.#resetsWhenSent = true;
    this.#pumpDown();
    return this;
  }

  override _read(): void {
    this.#wantsBytes = true;
    this.#pumpUp();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#replyDue && !isContinue(chunk)) {
      this.#down.holdUntil(this.#requestArrivedMs + this.#link.profile.requestOverheadMs);
      this.#replyDue = false;
    }
    this.#write = { bytes: chunk, done };
    this.#pumpDown();
  }

  override _final(done: () => void): void {
    this.#finish = done;
    this.#pumpDown();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#cancelTimer.up?.();
    this.#cancelTimer.down?.();
    this.#socket.destroy();
    done(error);
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('data', (bytes: Buffer) => {
      this.#inbox.push(bytes);
      this.#inboxBytes += bytes.length;
      if (this.#inboxBytes >= INBOX_BYTES) socket.pause();
      this.#pumpUp();
    });
    socket.on('end', () => {
      this.#upEnded = true;
      this.#pumpUp();
    });
    socket.on('drain', () => {
      this.#clientWritable = true;
      this.#pumpDown();
    });
    socket.on('timeout', () => this.emit('timeout'));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => {
      this.#onSocketClose();
    });
  }

  /** A client that is gone ends the connection; one that was ended from both sides closes as usual. */
  #onSocketClose(): void {
    if (this.writableFinished && this.readableEnded) return;
    if (this.writableFinished && this.#upEnded) {
      this.#pumpUp();
      return;
    }
    this.destroy();
  }

  #pumpUp(): void {
    if (this.destroyed || this.readableEnded) return;
    const nowMs = this.#link.clock.nowMs();
    let senderWaits = this.#admitUp(nowMs);
    // What was delivered made room; a late timer has more than one round to make up for.
    while (this.#deliverUp(nowMs) && senderWaits) senderWaits = this.#admitUp(nowMs);
    if (this.#isGone()) return;
    if (this.#resetsWhenSent && this.#down.isEmpty && this.#write === undefined) {
      this.#reset();
      return;
    }
    if (this.#upEnded && this.#inboxBytes === 0 && this.#up.isEmpty) this.push(null);
    else this.#schedule('up', nowMs, this.#up.wakeMs(senderWaits, this.#wantsBytes));
  }

  /** False: the client has sent nothing more yet. */
  #admitUp(nowMs: number): boolean {
    while (this.#up.mayAdmit(nowMs, this.#inboxBytes)) {
      const bytes = this.#takeReceived();
      if (bytes === undefined) {
        this.#up.senderIdle(nowMs);
        return false;
      }
      this.#up.admit(bytes, nowMs);
    }
    return true;
  }

  #takeReceived(): Buffer | undefined {
    const [first] = this.#inbox;
    if (first === undefined) return undefined;
    const size = Math.min(first.length, this.#up.nextBytes);
    if (size === first.length) this.#inbox.shift();
    else this.#inbox[0] = first.subarray(size);
    this.#inboxBytes -= size;
    if (this.#inboxBytes < INBOX_BYTES && this.#socket.isPaused()) this.#socket.resume();
    return first.subarray(0, size);
  }

  #deliverUp(nowMs: number): boolean {
    let delivered = false;
    while (this.#wantsBytes) {
      const piece = this.#up.take(nowMs);
      if (piece === undefined) break;
      delivered = true;
      this.#replyDue = true;
      this.#requestArrivedMs = Math.max(piece.dueMs, nowMs - TIMER_LATENESS_MS);
      this.#wantsBytes = this.push(piece.bytes);
      if (this.#isReset(piece.bytes.length)) return false;
    }
    return delivered;
  }

  #pumpDown(): void {
    // Completing a write starts the next one from within; the loop that is under way takes it.
    if (this.destroyed || this.#pumpingDown) return;
    this.#pumpingDown = true;
    const nowMs = this.#link.clock.nowMs();
    do this.#admitDown(nowMs);
    while (this.#deliverDown(nowMs));
    this.#pumpingDown = false;
    if (this.#isGone()) return;
    if (this.#resetsWhenSent && this.#down.isEmpty && this.#write === undefined) {
      this.#reset();
      return;
    }
    if (this.#finish !== undefined && this.#down.isEmpty && this.#write === undefined) {
      this.#socket.end(this.#finish);
      this.#finish = undefined;
      return;
    }
    this.#schedule('down', nowMs, this.#down.wakeMs(this.#write !== undefined, this.#clientWritable));
  }

  #admitDown(nowMs: number): void {
    while (this.#write !== undefined && this.#down.mayAdmit(nowMs, this.#write.bytes.length)) {
      const { bytes, done } = this.#write;
      const size = this.#down.nextBytes;
      this.#down.admit(bytes.subarray(0, size), nowMs);
      if (bytes.length > size) {
        this.#write.bytes = bytes.subarray(size);
        continue;
      }
      this.#write = undefined;
      done();
    }
    if (this.#write === undefined && this.writableLength === 0) this.#down.senderIdle(nowMs);
  }

  #deliverDown(nowMs: number): boolean {
    let delivered = false;
    while (this.#clientWritable) {
      const piece = this.#down.take(nowMs);
      if (piece === undefined) break;
      delivered = true;
      this.#clientWritable = this.#socket.write(piece.bytes);
      if (this.#isReset(piece.bytes.length)) return false;
    }
    return delivered;
  }

  /** Delivering may have ended the connection. */
  #isGone(): boolean {
    return this.destroyed;
  }

  /** Counts what was delivered; true when that was the last, because the path reset the connection. */
  #isReset(bytes: number): boolean {
    this.#bytesToReset -= bytes;
    if (this.#bytesToReset > 0) return false;
    this.#link.counts.resets += 1;
    this.#reset();
    return true;
  }

  #reset(): void {
    this.#socket.resetAndDestroy();
    this.destroy();
  }

  #schedule(direction: 'up' | 'down', nowMs: number, wakeMs: number | undefined): void {
    this.#cancelTimer[direction]?.();
    this.#cancelTimer[direction] = undefined;
    if (wakeMs === undefined || this.destroyed) return;
    this.#cancelTimer[direction] = this.#link.clock.after(wakeMs - nowMs, () => {
      if (direction === 'up') this.#pumpUp();
      else this.#pumpDown();
    });
  }
}

function isContinue(chunk: Buffer): boolean {
  return chunk.subarray(0, CONTINUE.length).equals(CONTINUE);
}
