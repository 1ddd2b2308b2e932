import { Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { askedOf } from '../http/router.js';
import { sendReply } from '../http/send-reply.js';
import type { Reply } from '../operations/request.js';
import { endConnection, FaultyExchange, resetIfDoomed } from './faulty-exchange.js';
import type { Faults } from './faults.js';

/** RFC 9110 section 7.6.1: fields of one connection, not of the message. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer']);

/** Forwards requests to a server that speaks HTTP without TLS, and breaks those that the rules choose. */
export class Forwarder {
  readonly #upstream: URL;
  readonly #faults: Faults;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(upstream: URL, faults: Faults) {
    this.#upstream = upstream;
    this.#faults = faults;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Answers one request, whatever happens. */
  async handle(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): Promise<void> {
    if (resetIfDoomed(request.socket)) return;
    const left = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) left.abort();
    });
    const asked = askedOf(request, this.#upstream.hostname);
    const chosen = asked === undefined ? undefined : this.#faults.choose(asked);
    const faulty = chosen === undefined ? undefined : new FaultyExchange(chosen, request);
    const { socket } = request;
    try {
      const made = await faulty?.begin(Date.now(), left.signal);
      if (made === 'gone') return;
      const reply = made ?? (await this.#ask(request, response, faulty, left.signal, expectsContinue));
      if (made !== undefined) request.resume();
      const broken = (await faulty?.finish(reply, left.signal)) ?? { reply, ending: 'usual' as const };
      if (broken.reply !== undefined) {
        const ids = { requestId: 'objectfs-link', hostId: 'objectfs-link' };
        await sendReply(response, broken.reply, ids, Date.now(), request.method === 'HEAD');
      }
      endConnection(socket, broken.ending);
    } catch {
      // The server or the client is gone in the middle; nobody is left to tell but by the connection.
      socket.resetAndDestroy();
    }
  }

  /** The field lines go on as they came, Host included: the signature holds. */
  #ask(
    request: IncomingMessage,
    response: ServerResponse,
    faulty: FaultyExchange | undefined,
    signal: AbortSignal,
    expectsContinue: boolean,
  ): Promise<Reply> {
    const { hostname, port } = this.#upstream;
    const { method, url, rawHeaders } = request;
    const onward = httpRequest({
      ...{ host: hostname.replace(/^\[|\]$/g, ''), port, method, path: url, agent: this.#agent, signal },
      headers: rawHeaders,
      setHost: false,
    });
    return new Promise((resolve, reject) => {
      onward.on('response', (reply) => {
        resolve(replyOf(reply));
      });
      onward.on('error', reject);
      const send = (): void => {
        pipeline(faulty?.body() ?? request, onward, (reason) => {
          // A server that answers before it has read all is no failure.
          if (reason) request.resume();
        });
      };
      if (!expectsContinue) {
        send();
        return;
      }
      onward.on('continue', () => {
        response.writeContinue();
        send();
      });
      onward.flushHeaders();
    });
  }
}

function replyOf(message: IncomingMessage): Reply {
  const fields = Object.entries(message.headers).filter(([name]) => !HOP_BY_HOP.has(name));
  const headers = Object.fromEntries(fields.map(([name, value]) => [name, [value].flat().join(', ')]));
  return { status: message.statusCode ?? 502, headers, body: message };
}
