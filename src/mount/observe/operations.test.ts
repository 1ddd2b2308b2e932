import { once } from 'node:events';
import type { FileSystem, Request } from '../../fs/operations.js';
import { CallerRequest } from '../../fs/request.js';
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
  ['write', (who: Request) => [2n, 1n, 0n, Buffer.of(1), who, false]],
  ['flush', (who: Request) => [2n, 1n, who, () => false]],
  ['fsync', (who: Request) => [2n, 1n, false, who]],
] as const)('%s is given up where it waits for a store that does not answer', async (operation, argsOf) => {
  const who = new CallerRequest({ uid: 0, gid: 0, pid: 7 });
  // Every operation of it waits.
  const waiting = new Proxy({}, { get: () => wait }) as FileSystem;
  const { fileSystem, log } = trackOperations(waiting);
  const running = (fileSystem[operation] as (...given: readonly unknown[]) => Promise<unknown>)(
    ...argsOf(who),
  );
  expect(log.open()).toMatchObject([{ operation, ino: '2', pid: 7 }]);
  log.cut(-1);
  await expect(running).rejects.toMatchObject({ kind: 'timeout' });
  expect(log.open()).toEqual([]);
});
