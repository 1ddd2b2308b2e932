import { Agent as HttpAgent, type AgentOptions, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions as TlsAgentOptions } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SocketHook } from './congestion.js';
import type { ConnectionMeter } from './meter.js';

/** Who is told of the sockets of an agent. */
export interface AgentHooks {
  readonly onSocket: SocketHook;
  readonly meter?: ConnectionMeter | undefined;
}

/** As Node's, and tells of the sockets that it opens, and of those that it uses again. */
class HookedHttpAgent extends HttpAgent {
  readonly #hooks: AgentHooks;

  constructor(options: AgentOptions, hooks: AgentHooks) {
    super(options);
    this.#hooks = hooks;
  }

  override createConnection(...args: Parameters<HttpAgent['createConnection']>) {
    return opened(super.createConnection(...args), this.#hooks);
  }

  override reuseSocket(stream: Duplex, request: ClientRequest): void {
    super.reuseSocket(stream, request);
    if (stream instanceof Socket) this.#hooks.meter?.began(stream);
  }
}

/** As {@link HookedHttpAgent}, over TLS. */
class HookedHttpsAgent extends HttpsAgent {
  readonly #hooks: AgentHooks;

  constructor(options: TlsAgentOptions, hooks: AgentHooks) {
    super(options);
    this.#hooks = hooks;
  }

  override createConnection(...args: Parameters<HttpsAgent['createConnection']>) {
    return opened(super.createConnection(...args), this.#hooks);
  }

  override reuseSocket(stream: Duplex, request: ClientRequest): void {
    super.reuseSocket(stream, request);
    if (stream instanceof Socket) this.#hooks.meter?.began(stream);
  }
}

function opened<T extends Duplex | null | undefined>(stream: T, { onSocket, meter }: AgentHooks): T {
  if (stream instanceof Socket) {
    onSocket(stream);
    meter?.began(stream);
    // Node's client tells its agent by this event.
    if (meter !== undefined)
      stream.on('free', () => {
        meter.ended(stream);
      });
  }
  return stream;
}

/** The agents of a client of the SDK. */
export function hookedAgents(
  options: AgentOptions,
  tlsOptions: TlsAgentOptions,
  hooks: AgentHooks,
): { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent } {
  return {
    httpAgent: new HookedHttpAgent(options, hooks),
    httpsAgent: new HookedHttpsAgent(tlsOptions, hooks),
  };
}
