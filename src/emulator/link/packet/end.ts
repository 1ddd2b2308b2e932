import { closeSync, openSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { Failure } from '../../../errors/failure.js';
import { createLink } from '../link.js';
import { profileNamed } from '../profiles.js';
import { relay, type RelayTarget } from '../relay.js';
import { enterNamespace, enterNamespaceWithTun, useCubic } from './namespace.js';

/**
 * One end of a path of packets, in a thread of its own: a network namespace belongs to a thread. It accepts connections
 * in one namespace and opens their onward ones in another.
 */
export interface EndPlan {
  readonly side: 'near' | 'far';
  /** Where to listen: near in the namespace of the process, far in the one that this thread makes. */
  readonly listen: RelayTarget;
  readonly onward: RelayTarget;
  readonly address: string;
  readonly peer: string;
}

export type EndMessage =
  | { readonly kind: 'ready'; readonly tun: number; readonly port: number }
  | { readonly kind: 'connection' }
  | { readonly kind: 'failed'; readonly message: string; readonly remedy?: string };

function tell(message: EndMessage): void {
  parentPort?.postMessage(message);
}

function start({ side, listen, onward, address, peer }: EndPlan): void {
  // The path is the packets': this relay only copies.
  const copying = createLink(profileNamed('loopback'));
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket: Socket) => {
    tell({ kind: 'connection' });
    const carried = relay(socket, copying, onward);
    if (side === 'near')
      carried.once('connect', () => {
        useCubic(carried);
      });
  });
  server.once('error', fail);
  const home = openSync('/proc/thread-self/ns/net', 'r');
  const tun = side === 'far' ? enterNamespaceWithTun(address, peer) : undefined;
  server.listen(listen.port, listen.host, () => {
    try {
      // Before a connection can be accepted: an onward one is never opened in the wrong namespace.
      if (tun === undefined) ready(server, enterNamespaceWithTun(address, peer));
      else {
        useCubic(server);
        enterNamespace(home);
        ready(server, tun);
      }
      closeSync(home);
    } catch (reason) {
      fail(reason);
    }
  });
}

function ready(server: Server, tun: number): void {
  // A TCP server that listens has an AddressInfo: the other forms are for pipes and closed servers.
  const { port } = server.address() as AddressInfo;
  tell({ kind: 'ready', tun, port });
}

function fail(reason: unknown): void {
  const { message, remedy } = Failure.from(reason);
  tell({ kind: 'failed', message, ...(remedy === undefined ? {} : { remedy }) });
}

try {
  start(workerData as EndPlan); // as `startEnd` gives it
} catch (reason) {
  fail(reason);
}
