import koffi from 'koffi';

/** System calls that Node does not offer; `-1` is an error, with its number in {@link lastErrno}. */
const libc = koffi.load('libc.so.6');

// The casts give the C declarations their TypeScript types; koffi itself returns untyped functions.
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

/** The error number of the last call on this thread. */
export function lastErrno(): number {
  return koffi.errno();
}
