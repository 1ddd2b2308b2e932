import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Reply } from '../operations/request.js';
import { S3Error } from '../protocol/s3-error.js';
import type { ChosenFault } from './faults.js';

/**
 * How a connection ends after a reply: as usual, with a TCP reset at once, with a reset when it is used again, or with
 * an orderly end that comes too soon.
 */
export type Ending = 'usual' | 'reset' | 'reset-later' | 'close';

/** A reply and what becomes of its connection. */
export interface BrokenReply {
  /** Absent: nothing is sent. */
  readonly reply?: Reply;
  readonly ending: Ending;
}

/** Documents are held whole to be changed; S3's largest is a listing of 1,000 keys. */
const DOCUMENT_LIMIT_BYTES = 16 * 2 ** 20;
const HALF = 0.5;
/** What no object has. */
const WRONG_ETAG = '"00000000000000000000000000000bad"';

/** Breaks the server's reply as a fault says. Faults that come before the server leave it as it is. */
export async function breakReply(
  reply: Reply,
  { fault, random }: ChosenFault,
  signal: AbortSignal,
): Promise<BrokenReply> {
  switch (fault.kind) {
    case 'lost-reply':
      if (typeof reply.body === 'object') reply.body.destroy();
      return { ending: 'reset' };
    case 'reset':
      if (fault.at === 'after-reply') return { reply, ending: 'reset-later' };
      if (fault.at !== 'inside-reply') return { reply, ending: 'usual' };
      return { reply: withBody(reply, cut(fault.fraction ?? HALF)), ending: 'reset' };
    case 'short-body':
      return { reply: withBody(reply, cut(fault.fraction ?? HALF)), ending: 'close' };
    case 'stalled-body':
      return { reply: withBody(reply, stall(fault.fraction ?? HALF, fault.forMs, signal)), ending: 'usual' };
    case 'corrupt-byte':
      if (fault.of === 'request') return { reply, ending: 'usual' };
      return { reply: withBody(reply, flip(random())), ending: 'usual' };
    case 'truncated-xml':
      return { reply: await withDocument(reply, truncate(fault.fraction ?? HALF)), ending: 'usual' };
    case 'wrong-etag':
      return { reply: await withDocument(withWrongEtag(reply), replaceEtags), ending: 'usual' };
    case 'status':
    case 'slow':
    case 'error-document':
    case 'expired-token':
    case 'skewed-clock':
      return { reply, ending: 'usual' };
  }
}

type Pieces = AsyncIterable<Uint8Array>;
type Change = (pieces: Pieces, lengthBytes: number) => AsyncGenerator<Uint8Array, void, undefined>;

/** The same head, and a body that is changed on its way; its length stays what the head says. */
function withBody(reply: Reply, change: Change): Reply {
  const { body, headers } = reply;
  if (body === undefined) return reply;
  if (typeof body === 'object') {
    const lengthBytes = Number(headers['content-length'] ?? 0);
    return { ...reply, body: Readable.from(change(body, lengthBytes)) };
  }
  const bytes = Buffer.from(body);
  return {
    ...reply,
    headers: { ...headers, 'content-length': String(bytes.length) },
    body: Readable.from(change(Readable.from([bytes]), bytes.length)),
  };
}

function cut(fraction: number): Change {
  return async function* (pieces, lengthBytes) {
    yield* firstBytes(pieces, Math.floor(lengthBytes * fraction));
  };
}

async function* firstBytes(pieces: Pieces, bytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  let left = bytes;
  for await (const piece of pieces) {
    if (left > 0) yield piece.subarray(0, left);
    left -= piece.length;
    if (left <= 0) return;
  }
}

/** Without `forMs` the rest never comes: the client has to give up. */
function stall(fraction: number, forMs: number | undefined, signal: AbortSignal): Change {
  return async function* (pieces, lengthBytes) {
    let left = Math.floor(lengthBytes * fraction);
    let hasStalled = false;
    for await (const piece of pieces) {
      if (!hasStalled && piece.length >= left) {
        if (left > 0) yield piece.subarray(0, left);
        hasStalled = true;
        await pause(forMs, signal);
        yield piece.subarray(left);
      } else {
        left -= piece.length;
        yield piece;
      }
    }
  };
}

/** @throws the signal's reason when the client leaves. */
async function pause(forMs: number | undefined, signal: AbortSignal): Promise<void> {
  if (forMs !== undefined) {
    await delay(forMs, undefined, { signal });
    return;
  }
  await new Promise((_resolve, reject) => {
    const leave = (): void => {
      reject(new S3Error('RequestTimeout'));
    };
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
  });
}

function flip(place: number): Change {
  return (pieces, lengthBytes) => flipByte(pieces, Math.floor(place * lengthBytes));
}

/** The pieces with one bit of one byte turned over. */
export async function* flipByte(pieces: Pieces, offset: number): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  for await (const piece of pieces) {
    const index = offset - at;
    at += piece.length;
    if (index < 0 || index >= piece.length) {
      yield piece;
      continue;
    }
    const copy = Buffer.from(piece);
    copy[index] = (copy[index] ?? 0) ^ 1;
    yield copy;
  }
}

/** Documents only: the length is made to fit. */
async function withDocument(reply: Reply, change: (text: string) => string): Promise<Reply> {
  if (reply.body === undefined || reply.headers['content-type']?.includes('xml') !== true) return reply;
  const text = typeof reply.body === 'string' ? reply.body : await collect(reply.body);
  const headers = { ...reply.headers, 'content-length': undefined };
  return { ...reply, headers, body: change(text) };
}

async function collect(body: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of body) {
    // A stream of bytes; only its declared type is any.
    pieces.push(piece as Buffer);
    bytes += (piece as Buffer).length;
    if (bytes > DOCUMENT_LIMIT_BYTES) throw new S3Error('InternalError');
  }
  return Buffer.concat(pieces).toString();
}

function truncate(fraction: number): (text: string) => string {
  return (text) => text.slice(0, Math.floor(text.length * fraction));
}

function withWrongEtag(reply: Reply): Reply {
  return reply.headers['etag'] === undefined
    ? reply
    : { ...reply, headers: { ...reply.headers, etag: WRONG_ETAG } };
}

function replaceEtags(text: string): string {
  return text.replaceAll(/<ETag>[^<]*<\/ETag>/g, tagOfWrongEtag);
}

function tagOfWrongEtag(): string {
  return `<ETag>${WRONG_ETAG.replaceAll('"', '&quot;')}</ETag>`;
}
