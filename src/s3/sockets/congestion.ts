import type { Socket } from 'node:net';
import { setTcpCongestion } from '../../libc/tcp-congestion.js';
import type { Log } from '../../log/log.js';
import { descriptorOf } from './descriptor.js';

/** Told of each new socket, before it is connected. */
export type SocketHook = (socket: Socket) => void;

/**
 * Gives each socket this congestion control of the kernel as soon as it is connected, before any byte of TLS or HTTP.
 * A name that the kernel refuses is told once; the sockets keep the kernel's own.
 *
 * @returns `undefined` where the kernel's own is wanted.
 */
export function congestionHook(name: string | undefined, log: Log): SocketHook | undefined {
  if (name === undefined) return undefined;
  let isRefused = false;
  return (socket) => {
    socket.once('connect', () => {
      if (isRefused) return;
      const fd = descriptorOf(socket);
      const refusal = fd === undefined ? 'EBADF' : setTcpCongestion(fd, name);
      if (refusal === undefined) return;
      isRefused = true;
      log.warn(
        { tcpCongestion: name, refusal },
        `The kernel refuses s3.tcpCongestion ${name}; connections keep its default (see objectfs doctor)`,
      );
    });
  };
}
