import koffi from 'koffi';

/** System calls that Node does not offer; `-1` is an error, with its number in {@link lastErrno}. */
const libc = koffi.load('libc.so.6');

// The casts give the C declarations their TypeScript types; koffi itself returns untyped functions.
export const read = libc.func('long read(int fd, void *buffer, size_t size)') as unknown as (
  fd: number,
  buffer: Uint8Array,
  sizeBytes: number,
) => number;

export const write = libc.func('long write(int fd, void *buffer, size_t size)') as unknown as (
  fd: number,
  buffer: Uint8Array,
  sizeBytes: number,
) => number;

/** Only for requests whose argument is a pointer. */
export const ioctl = libc.func('int ioctl(int fd, unsigned long request, void *argument)') as unknown as (
  fd: number,
  request: number,
  argument: Uint8Array,
) => number;

export const socket = libc.func('int socket(int domain, int type, int protocol)') as unknown as (
  domain: number,
  type: number,
  protocol: number,
) => number;

export const setsockopt = libc.func(
  'int setsockopt(int fd, int level, int name, void *value, uint32_t size)',
) as unknown as (fd: number, level: number, name: number, value: Uint8Array, sizeBytes: number) => number;

/** Of the calling thread only, unlike most of a process. */
export const unshare = libc.func('int unshare(int flags)') as unknown as (flags: number) => number;
export const setns = libc.func('int setns(int fd, int type)') as unknown as (
  fd: number,
  type: number,
) => number;

/** The error number of the last call on this thread. */
export function lastErrno(): number {
  return koffi.errno();
}

/**
 * Watches a descriptor for readability from the event loop, level-triggered. The callback runs outside of Node's
 * callback scopes: it may only set a flag or call `setImmediate`.
 */
export function watchReadable(fd: number, onReadable: () => void): { close(): void } {
  return koffi.node.poll(fd, onReadable);
}
