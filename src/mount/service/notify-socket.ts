import { closeSync } from 'node:fs';
import { Failure } from '../../errors/failure.js';
import { lastErrno, sendto, socket } from '../../libc/libc.js';

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
/** Neither SIGPIPE nor a wait: a manager that does not read must not hold a daemon. */
const MSG_NOSIGNAL_DONTWAIT = 0x4040;
/** `sun_path` of unix(7). */
const PATH_MAX_BYTES = 108;

/** Sends datagrams to a Unix socket. */
export interface DatagramSocket {
  /** @throws Failure `unreachable` where nobody takes it. */
  send(text: string): void;
  close(): void;
}

/**
 * Opens a socket for datagrams to `name`: a path, or `@` and the name of an abstract socket (unix(7)).
 *
 * @throws Failure `usage` where the name is neither or too long.
 */
export function openDatagramSocket(name: string): DatagramSocket {
  const address = socketAddress(name);
  const fd = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  if (fd < 0) throw new Failure('internal', `socket(2) failed with error number ${lastErrno()}`);
  return {
    send: (text) => {
      const data = Buffer.from(text);
      if (sendto(fd, data, data.length, MSG_NOSIGNAL_DONTWAIT, address, address.length) >= 0) return;
      throw new Failure('unreachable', `${name} takes no message (error number ${lastErrno()})`, {
        subject: name,
      });
    },
    close: () => {
      closeSync(fd);
    },
  };
}

/** `struct sockaddr_un` of unix(7). */
export function socketAddress(name: string): Buffer {
  const isAbstract = name.startsWith('@');
  const path = Buffer.from(isAbstract ? `\0${name.slice(1)}` : `${name}\0`);
  if ((!isAbstract && !name.startsWith('/')) || path.length > PATH_MAX_BYTES) {
    throw new Failure('usage', `"${name}" is no socket for notifications`, {
      subject: name,
      remedy: 'NOTIFY_SOCKET must be an absolute path, or @ and a name (sd_notify(3))',
    });
  }
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  return Buffer.concat([family, path]);
}
