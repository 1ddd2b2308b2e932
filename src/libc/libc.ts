import koffi from 'koffi';

/** System calls that Node does not offer. `-1` is an error, with its number in {@link lastErrno}. */
const libc = koffi.load('libc.so.6');

type Pointer = Uint8Array | null;

// The casts below give the C declarations their TypeScript types; koffi itself returns untyped functions.
export const read = libc.func('long read(int fd, void *buffer, size_t size)') as unknown as (
  fd: number,
  buffer: Uint8Array,
  sizeBytes: number,
) => number;

export const write = libc.func('long write(int fd, void *buffer, size_t size)') as unknown as AsyncCall &
  ((fd: number, buffer: Uint8Array, sizeBytes: number) => number);

/** `vectors` is an array of `struct iovec` as bytes: see {@link writeVector}. */
export const writev = libc.func('long writev(int fd, void *vectors, int count)') as unknown as (
  fd: number,
  vectors: Uint8Array,
  count: number,
) => number;

export const mount = libc.func(
  'int mount(str source, str target, str type, unsigned long flags, str data)',
) as unknown as (source: string, target: string, type: string, flags: number, data: string) => number;

export const socketpair = libc.func(
  'int socketpair(int domain, int type, int protocol, void *descriptors)',
) as unknown as (domain: number, type: number, protocol: number, descriptors: Uint8Array) => number;

export const recvmsg = libc.func('long recvmsg(int fd, void *message, int flags)') as unknown as (
  fd: number,
  message: Pointer,
  flags: number,
) => number;

/** Only for requests whose argument is a pointer. */
export const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)') as unknown as (
  fd: number,
  request: number,
  argument: Uint8Array,
) => number;

export const fcntl = libc.func('int fcntl(int fd, int command, long argument)') as unknown as (
  fd: number,
  command: number,
  argument: number,
) => number;

export const dup2 = libc.func('int dup2(int from, int to)') as unknown as (
  from: number,
  to: number,
) => number;

export const socket = libc.func('int socket(int domain, int type, int protocol)') as unknown as (
  domain: number,
  type: number,
  protocol: number,
) => number;

export const bind = libc.func('int bind(int fd, void *address, uint32_t length)') as unknown as (
  fd: number,
  address: Uint8Array,
  lengthBytes: number,
) => number;

export const sendto = libc.func(
  'long sendto(int fd, void *data, size_t size, int flags, void *address, uint32_t length)',
) as unknown as (
  fd: number,
  data: Uint8Array,
  sizeBytes: number,
  flags: number,
  address: Uint8Array,
  addressBytes: number,
) => number;

export const recv = libc.func('long recv(int fd, void *buffer, size_t size, int flags)') as unknown as (
  fd: number,
  buffer: Uint8Array,
  sizeBytes: number,
  flags: number,
) => number;

export const setsockopt = libc.func(
  'int setsockopt(int fd, int level, int name, void *value, uint32_t size)',
) as unknown as (fd: number, level: number, name: number, value: Uint8Array, sizeBytes: number) => number;

/** `path` is absolute; the answer is a `struct statx` of 256 bytes. */
export const statx = libc.func(
  'int statx(int dirfd, str path, int flags, uint32_t mask, void *buffer)',
) as unknown as (dirfd: number, path: string, flags: number, mask: number, buffer: Uint8Array) => number;

/** Of the calling thread only, unlike most of a process. */
export const unshare = libc.func('int unshare(int flags)') as unknown as (flags: number) => number;
export const setns = libc.func('int setns(int fd, int type)') as unknown as (
  fd: number,
  type: number,
) => number;

interface AsyncCall {
  async(
    fd: number,
    buffer: Uint8Array,
    sizeBytes: number,
    done: (error: Error | null, result: number) => void,
  ): void;
}

/** The error number of the last call on this thread. */
export function lastErrno(): number {
  return koffi.errno();
}

/** Bytes of one `struct iovec` on 64-bit Linux. */
export const IOVEC_BYTES = 16;

/** Fills one `struct iovec`; the caller keeps `part` alive until the call is over. */
export function writeVector(vectors: Buffer, index: number, part: Uint8Array): void {
  vectors.writeBigUInt64LE(koffi.address(part), index * IOVEC_BYTES);
  vectors.writeBigUInt64LE(BigInt(part.length), index * IOVEC_BYTES + 8);
}

/** The address of a buffer, for structures that hold pointers. */
export function addressOf(buffer: Uint8Array): bigint {
  return koffi.address(buffer);
}

/** Watches a descriptor for readability from the event loop, level-triggered. */
export interface Watch {
  start(onReadable: () => void): void;
  stop(): void;
  close(): void;
}

/**
 * The callback runs outside of Node's callback scopes: it may only set a flag or call `setImmediate`, else promise
 * jobs do not run after it.
 */
export function watchReadable(fd: number, onReadable: () => void): Watch {
  return koffi.node.poll(fd, onReadable);
}
