import { ChunkedDecoder } from './chunked.js';
import { parseReplyHead, type ReplyHead } from './reply-head.js';
import { wireError } from './wire-error.js';

/** Room for replies without a body or with a short one; heads must fit (Node's own limit is 16 KiB). */
const SCRATCH_BYTES = 64 * 1024;
/** Long bodies are read into buffers of this size, which are handed on and never copied, unless another is asked for. */
const BODY_BUFFER_BYTES = 1024 * 1024;
/** A rest that is shorter is not worth a read of its own. */
const LEAST_READ_BYTES = 64 * 1024;

/** What becomes of a reply. All are called within {@link ReplyReader.take} or {@link ReplyReader.end}. */
export interface ReplyEvents {
  /** `100 Continue`: the server wants the body. */
  onContinue(): void;
  onHead(head: ReplyHead): void;
  /** The data is the receiver's own. */
  onData(data: Buffer): void;
  onEnd(): void;
}

/**
 * Reads one reply at a time from the bytes of a connection. The socket asks where to put its bytes: a long body of
 * known length goes straight into buffers of its own. No I/O here.
 *
 * @throws errors with a code `HPE_…` from {@link ReplyReader.take}, after which the connection is of no use.
 */
export class ReplyReader {
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #heldBytes = 0;
  #method = '';
  #events: ReplyEvents | undefined;
  #head: ReplyHead | undefined;
  #leftBytes = 0;
  #chunked: ChunkedDecoder | undefined;
  /** Where the next bytes of a long body go. */
  #target: Buffer | undefined;
  #pieceBytes: number | undefined;
  #deliveredBytes = 0;

  /**
   * The reply to a request of this method comes next.
   *
   * @param pieceBytes - Buffers end where the body comes to a multiple of it.
   */
  begin(method: string, events: ReplyEvents, pieceBytes?: number): void {
    this.#method = method;
    this.#events = events;
    this.#pieceBytes = pieceBytes;
    this.#deliveredBytes = 0;
    this.#head = undefined;
    this.#heldBytes = 0;
  }

  /** Where the next bytes of the socket go. */
  nextBuffer(): Buffer {
    const pieceBytes = this.#pieceBytes;
    if (this.#head?.framing.kind !== 'length') return this.#scratch.subarray(this.#heldBytes);
    if (pieceBytes !== undefined) return this.#nextPiece(pieceBytes);
    if (this.#leftBytes < LEAST_READ_BYTES) return this.#scratch.subarray(this.#heldBytes);
    if (this.#target === undefined || this.#target.length < LEAST_READ_BYTES) {
      this.#target = Buffer.allocUnsafeSlow(Math.min(this.#leftBytes, BODY_BUFFER_BYTES));
    }
    return this.#target.length > this.#leftBytes ? this.#target.subarray(0, this.#leftBytes) : this.#target;
  }

  #nextPiece(pieceBytes: number): Buffer {
    if (this.#target === undefined || this.#target.length === 0) {
      const roomBytes = pieceBytes - (this.#deliveredBytes % pieceBytes);
      this.#target = Buffer.allocUnsafeSlow(Math.min(this.#leftBytes, roomBytes));
    }
    return this.#target;
  }

  /** Takes what was read into `buffer`, which {@link ReplyReader.nextBuffer} gave. */
  take(bytesRead: number, buffer: Buffer): void {
    if (this.#events === undefined)
      throw wireError('HPE_CLOSED_CONNECTION', 'Parse Error: bytes without a request');
    const bytes = buffer.subarray(0, bytesRead);
    const target = this.#target;
    if (target !== undefined && buffer.buffer === target.buffer && this.#head !== undefined) {
      this.#target = target.subarray(bytesRead);
      this.#deliver(bytes);
    } else if (this.#head === undefined) this.#takeHead(bytesRead);
    else this.#takeBody(Buffer.from(bytes));
  }

  /** The server has closed its side. @throws where that cuts a reply. */
  end(): void {
    if (this.#events === undefined) return;
    if (this.#head?.framing.kind === 'close') this.#finish();
    else throw wireError('ECONNRESET', this.#head === undefined ? 'socket hang up' : 'aborted');
  }

  #takeHead(bytesRead: number): void {
    const held = this.#scratch.subarray(0, this.#heldBytes + bytesRead);
    const end = held.indexOf('\r\n\r\n', Math.max(0, this.#heldBytes - 3), 'latin1');
    if (end < 0) {
      this.#heldBytes = held.length;
      checkBeginning(held);
      if (held.length === SCRATCH_BYTES) throw wireError('HPE_HEADER_OVERFLOW', 'Parse Error: head too long');
      return;
    }
    const head = parseReplyHead(held.toString('latin1', 0, end), this.#method);
    const rest = Buffer.from(held.subarray(end + 4));
    this.#heldBytes = 0;
    if (head.status < 200) this.#takeInterim(head.status, rest);
    else this.#takeFinal(head, rest);
  }

  #takeInterim(status: number, rest: Buffer): void {
    if (status === 100) this.#events?.onContinue();
    if (rest.length === 0) return;
    rest.copy(this.#scratch);
    this.#takeHead(rest.length);
  }

  #takeFinal(head: ReplyHead, rest: Buffer): void {
    this.#head = head;
    this.#leftBytes = head.framing.kind === 'length' ? head.framing.bytes : 0;
    this.#chunked = head.framing.kind === 'chunked' ? new ChunkedDecoder() : undefined;
    this.#events?.onHead(head);
    if (head.framing.kind === 'none') this.#finish();
    if (rest.length > 0) this.#takeBody(rest);
  }

  /** @param bytes - not a view of the scratch buffer. */
  #takeBody(bytes: Buffer): void {
    if (this.#events === undefined) throw excess();
    if (this.#chunked !== undefined) {
      const used = this.#chunked.push(bytes, (data) => this.#events?.onData(data));
      if (this.#chunked.isDone) this.#finish();
      if (used < bytes.length) throw excess();
    } else if (this.#head?.framing.kind === 'length') {
      if (bytes.length > this.#leftBytes) throw excess();
      this.#deliver(bytes);
    } else this.#events.onData(bytes);
  }

  #deliver(bytes: Buffer): void {
    this.#leftBytes -= bytes.length;
    this.#deliveredBytes += bytes.length;
    this.#events?.onData(bytes);
    if (this.#leftBytes === 0) this.#finish();
  }

  #finish(): void {
    const events = this.#events;
    this.#events = undefined;
    this.#head = undefined;
    this.#target = undefined;
    events?.onEnd();
  }
}

/** What speaks no HTTP may never send an empty line. */
function checkBeginning(held: Buffer): void {
  const beginning = held.toString('latin1', 0, Math.min(5, held.length));
  if (!'HTTP/'.startsWith(beginning))
    throw wireError('HPE_INVALID_CONSTANT', 'Parse Error: the reply does not begin as HTTP/1');
}

/** Nothing was asked for that these bytes could answer. */
function excess(): Error {
  return wireError('HPE_CLOSED_CONNECTION', 'Parse Error: the server sends more than it announced');
}
