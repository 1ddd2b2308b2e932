import { closeSync, constants, openSync, writeFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { getSystemErrorMap } from 'node:util';
import { usageError } from '../../../errors/failure.js';
import * as libc from '../../../libc/libc.js';

// sched.h, linux/if_tun.h, linux/sockios.h, net/if.h
const CLONE_NEWNET = 0x40000000;
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 0x0001;
const IFF_NO_PI = 0x1000;
const IFF_UP = 0x1;
const SIOCSIFFLAGS = 0x8914;
const SIOCSIFADDR = 0x8916;
const SIOCSIFDSTADDR = 0x8918;
const SIOCSIFMTU = 0x8922;
const SIOCSIFTXQLEN = 0x8943;
const AF_INET = 2;
const IPPROTO_TCP = 6;
const TCP_CONGESTION = 13;
const SOCK_DGRAM_CLOEXEC = 0x80002;

export const TUN_DEVICE = '/dev/net/tun';
/** Of Ethernet: segments of 1,460 bytes, 1,448 with time stamps. */
export const MTU_BYTES = 1500;
/** Packets that wait for us in a device; at the kernel's 500 a busy machine would lose some that the path did not. */
const DEVICE_QUEUE_PACKETS = 10_000;
const IFREQ_BYTES = 40;
const NAME_BYTES = 16;

/**
 * Moves the calling thread into a new network namespace in which there is nothing but one TUN device. The namespace
 * ends with its last thread and socket, the device with its descriptor: nothing is left of a process that is killed.
 *
 * @returns the device's descriptor, non-blocking, one packet per read and write.
 * @throws Failure `usage` where the kernel refuses.
 */
export function enterNamespaceWithTun(address: string, peer: string): number {
  check(libc.unshare(CLONE_NEWNET), 'make a network namespace');
  forgetMetrics();
  const fd = openSync(TUN_DEVICE, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    const request = named();
    request.writeUInt16LE(IFF_TUN | IFF_NO_PI, NAME_BYTES);
    check(libc.ioctl(fd, TUNSETIFF, request), 'make a TUN device');
    bringUp(address, peer);
    return fd;
  } catch (reason) {
    closeSync(fd);
    throw reason;
  }
}

/** Gives what the thread does from now on back to a namespace; sockets that it has stay where they are. */
export function enterNamespace(fd: number): void {
  check(libc.setns(fd, CLONE_NEWNET), 'go back to its network namespace');
}

/** Each connection begins without what an earlier one has learnt. */
function forgetMetrics(): void {
  try {
    writeFileSync('/proc/sys/net/ipv4/tcp_no_metrics_save', '1');
  } catch {
    // Containers may have it read-only: later connections then begin with the threshold of earlier ones.
  }
}

/**
 * Lets a socket use CUBIC, as the other mode imitates; what it accepts has it too. By socket, because a namespace may
 * not have a default that the machine does not allow everybody. A kernel without CUBIC keeps its own.
 */
export function useCubic(socket: Socket | Server): void {
  // Node keeps the descriptor here, and has no public name for it.
  const { _handle: handle } = socket as unknown as { readonly _handle?: { readonly fd: number } | null };
  const name = Buffer.from('cubic');
  if (handle) libc.setsockopt(handle.fd, IPPROTO_TCP, TCP_CONGESTION, name, name.length);
}

function bringUp(address: string, peer: string): void {
  const control = libc.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
  check(control, 'open a control socket');
  try {
    const ask = (request: number, fill: (ifreq: Buffer) => void): void => {
      const ifreq = named();
      fill(ifreq);
      check(libc.ioctl(control, request, ifreq), 'set up a TUN device');
    };
    ask(SIOCSIFADDR, (ifreq) => {
      writeAddress(ifreq, address);
    });
    ask(SIOCSIFDSTADDR, (ifreq) => {
      writeAddress(ifreq, peer);
    });
    ask(SIOCSIFMTU, (ifreq) => ifreq.writeInt32LE(MTU_BYTES, NAME_BYTES));
    ask(SIOCSIFTXQLEN, (ifreq) => ifreq.writeInt32LE(DEVICE_QUEUE_PACKETS, NAME_BYTES));
    ask(SIOCSIFFLAGS, (ifreq) => ifreq.writeUInt16LE(IFF_UP, NAME_BYTES));
  } finally {
    closeSync(control);
  }
}

/** A `struct ifreq` for the device. */
function named(): Buffer {
  const ifreq = Buffer.alloc(IFREQ_BYTES);
  ifreq.write('link0', 'ascii');
  return ifreq;
}

/** A `struct sockaddr_in` with port 0. */
function writeAddress(ifreq: Buffer, address: string): void {
  ifreq.writeUInt16LE(AF_INET, NAME_BYTES);
  ifreq.set(address.split('.').map(Number), NAME_BYTES + 4);
}

function check(result: number, what: string): void {
  if (result >= 0) return;
  const [name = 'unknown error'] = getSystemErrorMap().get(-libc.lastErrno()) ?? [];
  throw usageError(
    `The kernel does not let this process ${what}: ${name}`,
    'Packet mode needs root (CAP_SYS_ADMIN and CAP_NET_ADMIN); without --mode packet no rights are needed',
  );
}
