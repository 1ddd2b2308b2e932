import { connect, type Socket } from 'node:net';
import { finished } from 'node:stream';
import type { Link } from './link.js';
import { shapeConnection } from './shape.js';

/** Where bytes are relayed to. */
export interface RelayTarget {
  readonly host: string;
  readonly port: number;
}

/**
 * Relays one client's connection through the link to an upstream server, byte for byte; TLS passes untouched. An end of
 * one side becomes an end of the other, a failure of one side a reset of the other.
 *
 * @param socket - Accepted by a server made with `allowHalfOpen: true`.
 * @returns the connection to the upstream server.
 */
export function relay(socket: Socket, link: Link, { host, port }: RelayTarget): Socket {
  const client = shapeConnection(socket, link);
  const upstream = connect({ host, port, allowHalfOpen: true, noDelay: true });
  client.pipe(upstream);
  upstream.pipe(client);
  finished(upstream, (reason) => {
    if (reason) client.resetAndDestroy();
  });
  finished(client, (reason) => {
    if (reason) upstream.destroy();
  });
  return upstream;
}
