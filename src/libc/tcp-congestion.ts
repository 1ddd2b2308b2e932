import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import type koffi from 'koffi';

/** Numbers of Linux (`netinet/in.h`, `netinet/tcp.h`). */
const AF_INET = 2;
const SOCK_STREAM = 1;
const IPPROTO_TCP = 6;
const TCP_CONGESTION = 13;
/** `TCP_CA_NAME_MAX`, with the zero at the end. */
const NAME_BYTES = 16;

interface SocketCalls {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly set: (fd: number, level: number, name: number, value: Uint8Array, sizeBytes: number) => number;
  readonly get: (fd: number, level: number, name: number, value: Uint8Array, size: Uint8Array) => number;
  readonly errno: () => number;
}

let loaded: SocketCalls | undefined;

/** Why a name was not taken: `ENOENT` where the kernel has none of that name, `EPERM` where it is not allowed. */
export type Refusal = string;

/**
 * Sets the congestion control of a TCP socket.
 *
 * @returns `undefined` where the kernel took it, else the name of its error.
 */
export function setTcpCongestion(fd: number, name: string): Refusal | undefined {
  return withCalls((calls) => {
    const value = Buffer.from(name);
    if (calls.set(fd, IPPROTO_TCP, TCP_CONGESTION, value, value.length) === 0) return undefined;
    return errorName(calls.errno());
  });
}

/** What the kernel uses for this socket; `undefined` where it does not say. */
export function tcpCongestionOf(fd: number): string | undefined {
  const value = Buffer.alloc(NAME_BYTES);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(NAME_BYTES);
  const refusal = withCalls((calls) =>
    calls.get(fd, IPPROTO_TCP, TCP_CONGESTION, value, size) === 0 ? undefined : errorName(calls.errno()),
  );
  return refusal === undefined ? value.toString('latin1').replace(/\0.*$/s, '') : undefined;
}

/** As {@link setTcpCongestion} on a socket of its own, which goes nowhere. */
export function tryTcpCongestion(name: string): Refusal | undefined {
  return withCalls((calls) => {
    const fd = calls.socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return errorName(calls.errno());
    try {
      return setTcpCongestion(fd, name);
    } finally {
      closeSync(fd);
    }
  });
}

function withCalls(use: (calls: SocketCalls) => Refusal | undefined): Refusal | undefined {
  if (process.platform !== 'linux') return 'ENOSYS';
  try {
    return use((loaded ??= load()));
  } catch {
    // No binding or another C library: a socket without the option works as well.
    return 'ENOSYS';
  }
}

/** With the first use, because most processes never ask; a socket is set up where nobody can wait for an import. */
function load(): SocketCalls {
  const binding = createRequire(import.meta.url)('koffi') as typeof koffi;
  const libc = binding.load('libc.so.6');
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)'),
    set: libc.func('int setsockopt(int fd, int level, int name, void *value, uint32_t size)'),
    get: libc.func('int getsockopt(int fd, int level, int name, void *value, void *size)'),
    errno: () => binding.errno(),
  };
}

function errorName(errno: number): string {
  const found = Object.entries(constants.errno).find(([, number]) => number === errno);
  return found?.[0] ?? `errno ${errno}`;
}
