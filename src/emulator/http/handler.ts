import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { Failure } from '../../errors/failure.js';
import { RequestBody } from '../auth/request-body.js';
import { verifyRequest, type Verifier } from '../auth/verify.js';
import { FaultyExchange, endConnection, resetIfDoomed } from '../faults/faulty-exchange.js';
import type { Faults } from '../faults/faults.js';
import type { Operation, Reply } from '../operations/request.js';
import { RequestHead } from '../protocol/request-head.js';
import type { Storage } from '../storage/storage.js';
import { addressOf } from './address.js';
import { errorReply, type ReplyIds } from './error-reply.js';
import type { RequestCounts, ServedRequest } from './request-counts.js';
import { askedOf, findOperation } from './router.js';
import { sendReply } from './send-reply.js';

/** An operation with something around it. */
export type Around = (operation: Operation) => Operation;

/** What every request of one server shares. */
export interface Service {
  readonly storage: Storage;
  readonly verifier: Verifier;
  readonly baseHost: string;
  readonly counts: RequestCounts;
  readonly around: Around;
  /** Told of replies with status 500, which are mistakes of this server. */
  readonly onInternalError: (reason: unknown) => void;
  /** What goes wrong; absent: nothing. May be changed between requests. */
  faults?: Faults | undefined;
}

/** One exchange: its two halves, and what goes on about it. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly abort: AbortController;
  readonly ids: ReplyIds;
  /** S3's name of the operation, as soon as it is known. */
  operation: string;
  body?: RequestBody;
}

/**
 * Answers one request, whatever happens.
 *
 * @param expectsContinue - The client waits for `100 Continue` before it sends its body.
 */
export async function handle(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
  expectsContinue: boolean,
): Promise<void> {
  const exchange: Exchange = {
    request,
    response,
    abort: new AbortController(),
    ids: {
      requestId: randomBytes(8).toString('hex').toUpperCase(),
      hostId: randomBytes(48).toString('base64'),
    },
    operation: 'Unknown',
  };
  response.once('close', () => {
    if (!response.writableFinished) exchange.abort.abort();
  });
  const announce = expectsContinue ? announceOnce(response) : () => undefined;
  const faulty = faultFor(service, exchange);
  if (faulty === 'gone') return;
  const made = await faulty
    ?.begin(service.verifier.nowMs(), exchange.abort.signal)
    .catch(() => 'gone' as const);
  if (made === 'gone') {
    count(service, exchange, { bytesSent: 0 });
    return;
  }
  const reply = made ?? (await answer(service, exchange, announce, faulty?.body() ?? request));
  if (expectsContinue && reply.status >= 300) response.setHeader('connection', 'close');
  drain(request);
  const sent =
    faulty === undefined
      ? { bytesSent: await send(service, exchange, reply), status: reply.status }
      : await sendBroken(service, exchange, reply, faulty);
  count(service, exchange, sent);
}

/** What went out; `status` is absent where no whole reply did. */
type Sent = Pick<ServedRequest, 'status' | 'bytesSent'>;

function count({ counts }: Service, { operation, request, body }: Exchange, sent: Sent): void {
  const sdkRequest = request.headers['amz-sdk-request'];
  counts.add({
    ...sent,
    operation,
    bytesReceived: body?.receivedBytes ?? 0,
    asked: `${request.method ?? ''} ${request.url ?? ''}`,
    sdkRequest: typeof sdkRequest === 'string' ? sdkRequest : undefined,
  });
}

/** What shall go wrong with this exchange; `gone` where its connection was to be reset by now. */
function faultFor(service: Service, exchange: Exchange): FaultyExchange | 'gone' | undefined {
  const { request } = exchange;
  if (service.faults === undefined) return undefined;
  if (resetIfDoomed(request.socket)) return 'gone';
  const asked = askedOf(request, service.baseHost);
  if (asked === undefined) return undefined;
  exchange.operation = asked.operation;
  const chosen = service.faults.choose(asked);
  return chosen === undefined ? undefined : new FaultyExchange(chosen, request);
}

async function sendBroken(
  service: Service,
  exchange: Exchange,
  reply: Reply,
  faulty: FaultyExchange,
): Promise<Sent> {
  const { socket } = exchange.request;
  const broken = await faulty.finish(reply, exchange.abort.signal);
  const bytesSent = broken.reply === undefined ? 0 : await send(service, exchange, broken.reply);
  endConnection(socket, broken.ending);
  const isWhole =
    broken.reply !== undefined && (broken.ending === 'usual' || broken.ending === 'reset-later');
  return isWhole ? { bytesSent, status: reply.status } : { bytesSent };
}

function announceOnce(response: ServerResponse): () => void {
  let announced = false;
  return () => {
    if (!announced) response.writeContinue();
    announced = true;
  };
}

/** A refused client may still be sending: a body that nobody reads would block its connection for good. */
const DRAIN_LIMIT_MS = 30_000;

function drain(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  request.resume();
  const timer = setTimeout(() => request.destroy(), DRAIN_LIMIT_MS).unref();
  request.once('close', () => {
    clearTimeout(timer);
  });
}

async function answer(
  service: Service,
  exchange: Exchange,
  announce: () => void,
  source: Readable,
): Promise<Reply> {
  const { request, ids } = exchange;
  const { storage, verifier } = service;
  try {
    const head = RequestHead.of(request);
    const address = addressOf(head, service.baseHost);
    const operation = service.around(findOperation(head, address));
    exchange.operation = operation.name;
    const payload = verifyRequest(head, verifier);
    const body = new RequestBody(source, head, payload, announce);
    exchange.body = body;
    const { region, nowMs } = verifier;
    return await operation.run({
      ...address,
      head,
      body,
      storage,
      region,
      nowMs,
      signal: exchange.abort.signal,
    });
  } catch (reason) {
    const reply = errorReply(reason, request.url ?? '/', ids);
    if (reply.status >= 500 && !clientLeft(reason)) service.onInternalError(reason);
    return reply;
  }
}

function clientLeft(reason: unknown): boolean {
  return reason instanceof Failure && ['reset', 'cancelled', 'invalid-request'].includes(reason.kind);
}

async function send(service: Service, exchange: Exchange, reply: Reply): Promise<number> {
  const { request, response, ids } = exchange;
  if (exchange.abort.signal.aborted) {
    discard(reply);
    return 0;
  }
  try {
    return await sendReply(response, reply, ids, service.verifier.nowMs(), request.method === 'HEAD');
  } catch {
    // The client is gone in the middle of a body; nobody is left to tell.
    response.destroy();
    return 0;
  }
}

/** Nobody is left to send it to: a connection that is closed would never say that it has taken the reply. */
function discard(reply: Reply): void {
  if (typeof reply.body === 'object') reply.body.destroy();
}
