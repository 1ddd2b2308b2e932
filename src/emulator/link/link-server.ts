import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Failure, usageError } from '../../errors/failure.js';
import { Faults } from '../faults/faults.js';
import { Forwarder } from '../faults/forward.js';
import type { FaultCount, FaultRules } from '../faults/rules.js';
import { createLink, type Link } from './link.js';
import type { LinkProfile } from './profile.js';
import { relay, type RelayTarget } from './relay.js';
import { shapeConnection } from './shape.js';
import type { LinkCounts } from './statistics.js';
import { upstreamOf } from './upstream.js';

/** A shaped path in front of any S3 server. */
export interface LinkServerOptions {
  /** @defaultValue `127.0.0.1`: nobody else can reach it */
  readonly host?: string;
  /** @defaultValue 0, a free one */
  readonly port?: number;
  /** `http://HOST:PORT` or `https://HOST:PORT`; TLS passes untouched. */
  readonly upstream: string;
  readonly profile: LinkProfile;
  /** @defaultValue 1 */
  readonly seed?: number;
  /** Only before an upstream without TLS: who can not read requests can not choose between them. */
  readonly faults?: FaultRules;
  /** Told, once, where a link that runs has come to an end by itself. Only one of packets has threads that can die. */
  readonly onBroken?: (failure: Failure) => void;
}

export interface LinkServer {
  readonly port: number;
  /** What a client is to be given: the upstream's scheme; over TLS the upstream's name, which its certificate has. */
  readonly endpoint: string;
  counts(): LinkCounts;
  faultCounts(): FaultCount[];
  /** Ends all connections and frees the port. */
  close(): Promise<void>;
}

const MAX_HEADER_BYTES = 32 * 1024;

/**
 * Starts a shaped path to `upstream`.
 *
 * @throws Failure `usage` for an upstream that is no such URL, for fault rules before TLS, and where the address can not
 * be listened on.
 */
export async function startLinkServer(options: LinkServerOptions): Promise<LinkServer> {
  const { host = '127.0.0.1', port = 0, faults: rules } = options;
  const upstream = upstreamOf(options.upstream);
  const { isTls, url } = upstream;
  if (isTls && rules !== undefined) {
    throw usageError(
      `Fault rules need to read requests, which TLS of ${url.origin} hides`,
      'Leave out --faults, or name an upstream with http://',
    );
  }
  // Behind TLS what looks like a reply may be a handshake, and the server's own time is real.
  const profile = isTls ? { ...options.profile, requestOverheadMs: 0 } : options.profile;
  const link = createLink(profile, options.seed === undefined ? {} : { seed: options.seed });
  const faults = rules === undefined ? undefined : new Faults(rules);
  const path = faults === undefined ? relaying(link, upstream.target) : forwarding(link, url, faults);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    path.take(socket);
  });
  const address = await bind(server, host, port);
  return {
    port: address.port,
    endpoint: upstream.endpointAt(host, address.port),
    counts: () => link.counts,
    faultCounts: () => faults?.counts() ?? [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const socket of sockets) socket.destroy();
        path.close();
      }),
  };
}

/** What becomes of an accepted connection. */
interface Path {
  take(socket: Socket): void;
  close(): void;
}

function relaying(link: Link, target: RelayTarget): Path {
  const open = new Set<Socket>();
  return {
    take: (socket) => {
      const onward = relay(socket, link, target);
      open.add(onward);
      onward.once('close', () => open.delete(onward));
    },
    close: () => {
      for (const onward of open) onward.destroy();
    },
  };
}

function forwarding(link: Link, upstream: URL, faults: Faults): Path {
  const forwarder = new Forwarder(upstream, faults);
  const http: HttpServer = createHttpServer({
    keepAliveTimeout: 65_000,
    requestTimeout: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  http.on('request', (request, response) => {
    void forwarder.handle(request, response, false);
  });
  http.on('checkContinue', (request, response) => {
    void forwarder.handle(request, response, true);
  });
  return {
    take: (socket) => {
      http.emit('connection', shapeConnection(socket, link));
    },
    close: () => {
      forwarder.close();
    },
  };
}

function bind(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const remedy = 'Choose another --listen; port 0 takes a free one';
      reject(new Failure('usage', `The link can not listen on ${host}:${port}`, { cause, remedy }));
    });
    server.listen(port, host, () => {
      // A TCP server that listens has an AddressInfo: the other forms are for pipes and closed servers.
      resolve(server.address() as AddressInfo);
    });
  });
}
