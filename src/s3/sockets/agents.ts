import { Agent as HttpAgent, type AgentOptions } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as TlsAgentOptions } from 'node:https';
import { Socket } from 'node:net';
import type { SocketHook } from './congestion.js';

/** As Node's, and tells of each socket that it opens. */
class HookedHttpAgent extends HttpAgent {
  readonly #onSocket: SocketHook;

  constructor(options: AgentOptions, onSocket: SocketHook) {
    super(options);
    this.#onSocket = onSocket;
  }

  override createConnection(...args: Parameters<HttpAgent['createConnection']>) {
    const stream = super.createConnection(...args);
    if (stream instanceof Socket) this.#onSocket(stream);
    return stream;
  }
}

/** As {@link HookedHttpAgent}, over TLS. */
class HookedHttpsAgent extends HttpsAgent {
  readonly #onSocket: SocketHook;

  constructor(options: TlsAgentOptions, onSocket: SocketHook) {
    super(options);
    this.#onSocket = onSocket;
  }

  override createConnection(...args: Parameters<HttpsAgent['createConnection']>) {
    const stream = super.createConnection(...args);
    if (stream instanceof Socket) this.#onSocket(stream);
    return stream;
  }
}

/** The agents of a client of the SDK. */
export function hookedAgents(
  options: AgentOptions,
  tlsOptions: TlsAgentOptions,
  onSocket: SocketHook,
): { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent } {
  return {
    httpAgent: new HookedHttpAgent(options, onSocket),
    httpsAgent: new HookedHttpsAgent(tlsOptions, onSocket),
  };
}
