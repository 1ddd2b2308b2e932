import type { Socket } from 'node:net';

/**
 * The file descriptor of a connected socket, of the TCP socket below it where it is one of TLS. Node has it, and no
 * public name for it.
 */
export function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return undefined;
  const fd: unknown = Reflect.get(handle, 'fd');
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
