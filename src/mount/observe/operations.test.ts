import { once } from 'node:events';
import type { FileSystem, Request } from '../../fs/operations.js';
import { ROOT } from '../../fs/testing/fixture.js';
import { trackOperations } from './operations.js';

/** Waits for its request to be cut, whatever else it is given. */
async function wait(...args: readonly unknown[]): Promise<never> {
  const { signal } = args.find(
    (argument) => typeof argument === 'object' && 'pid' in (argument ?? {}),
  ) as Request;
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

test.each([
  ['write', [2n, 1n, 0n, Buffer.of(1), ROOT, false]],
  ['flush', [2n, 1n, ROOT, () => false]],
  ['fsync', [2n, 1n, false, ROOT]],
] as const)('%s is given up where it waits for a store that does not answer', async (operation, args) => {
  // Every operation of it waits.
  const waiting = new Proxy({}, { get: () => wait }) as FileSystem;
  const { fileSystem, log } = trackOperations(waiting);
  const running = (fileSystem[operation] as (...given: readonly unknown[]) => Promise<unknown>)(...args);
  expect(log.open()).toMatchObject([{ operation, ino: '2', pid: ROOT.pid }]);
  log.cut(-1);
  await expect(running).rejects.toMatchObject({ kind: 'timeout' });
  expect(log.open()).toEqual([]);
});
