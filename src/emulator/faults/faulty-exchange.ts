import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Reply } from '../operations/request.js';
import { breakReply, flipByte, type BrokenReply, type Ending } from './break-reply.js';
import type { ChosenFault } from './faults.js';
import { madeReply } from './made-replies.js';

/** How long a connection may lie unused before it is reset after its reply. */
const UNUSED_MS = 1000;

/** Connections that are reset when they are used again. */
const doomed = new WeakSet<Socket>();

/** One exchange with a fault, whoever answers it: the embedded server or a server behind a proxy. */
export class FaultyExchange {
  readonly #chosen: ChosenFault;
  readonly #request: IncomingMessage;

  constructor(chosen: ChosenFault, request: IncomingMessage) {
    this.#chosen = chosen;
    this.#request = request;
  }

  /**
   * Before the server is asked: a reply in its place, `gone` where the connection was ended, undefined where it is asked.
   *
   * @throws the signal's reason when the client leaves during a delay.
   */
  async begin(nowMs: number, signal: AbortSignal): Promise<Reply | 'gone' | undefined> {
    const { fault } = this.#chosen;
    if (fault.kind === 'slow') await delay(fault.delayMs, undefined, { signal });
    const isReset = fault.kind === 'reset' && (fault.at === 'before' || this.#resetsEmptyRequest());
    if (!isReset) return madeReply(fault, nowMs);
    this.#request.socket.resetAndDestroy();
    return 'gone';
  }

  /** The request's body as the server gets it. */
  body(): Readable {
    const { fault, random } = this.#chosen;
    const request = this.#request;
    const lengthBytes = Number(request.headers['content-length'] ?? 0);
    if (fault.kind === 'corrupt-byte' && fault.of === 'request') {
      return Readable.from(flipByte(request, Math.floor(random() * lengthBytes)));
    }
    if (fault.kind === 'reset' && fault.at === 'inside-request') {
      return Readable.from(resetAfter(request, Math.floor(lengthBytes * (fault.fraction ?? 0.5))));
    }
    return request;
  }

  /** What the client gets of the server's reply. */
  finish(reply: Reply, signal: AbortSignal): Promise<BrokenReply> {
    return breakReply(reply, this.#chosen, signal);
  }

  #resetsEmptyRequest(): boolean {
    const { fault } = this.#chosen;
    const isInside = fault.kind === 'reset' && fault.at === 'inside-request';
    return isInside && Number(this.#request.headers['content-length'] ?? 0) === 0;
  }
}

async function* resetAfter(
  request: IncomingMessage,
  bytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = bytes;
  for await (const piece of request) {
    // A request without encoding gives buffers; only the declared type is any.
    const { length } = piece as Buffer;
    if (length >= left) {
      request.socket.resetAndDestroy();
      return;
    }
    left -= length;
    yield piece as Buffer;
  }
}

/** Ends a connection after a reply that was sent as far as it shall come. */
export function endConnection(socket: Socket, ending: Ending): void {
  if (ending === 'close') socket.end();
  if (ending === 'reset') socket.resetAndDestroy();
  if (ending !== 'reset-later') return;
  // The kernel throws away what it has not delivered: the reset must not overtake the reply.
  doomed.add(socket);
  const timer = setTimeout(() => socket.resetAndDestroy(), UNUSED_MS).unref();
  socket.once('close', () => {
    clearTimeout(timer);
  });
}

/** A request on a connection that was to be reset after its last reply: resets it. */
export function resetIfDoomed(socket: Socket): boolean {
  if (!doomed.has(socket)) return false;
  socket.resetAndDestroy();
  return true;
}
