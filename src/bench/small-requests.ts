import { buffer } from 'node:stream/consumers';
import type { ObjectStore } from '../s3/store.js';

/**
 * Asks for a small object, one request after another, while `work` goes on: what somebody else on the same line waits
 * for. The first is asked once before, so that no connection is set up on the clock. One that is under way at the end of
 * the work is waited for: what takes longest must not be left out.
 *
 * @returns what the work came to, and the milliseconds of each request.
 * @throws what the work throws, and what the store says of a request that fails.
 */
export async function besideSmallRequests<T>(
  store: Pick<ObjectStore, 'get'>,
  key: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly latenciesMs: readonly number[] }> {
  const ask = async () => buffer((await store.get(key)).body);
  await ask();
  const latenciesMs: number[] = [];
  const state = { isOver: false };
  const working = work().finally(() => {
    state.isOver = true;
  });
  const asking = askUntil(state, async () => {
    const startedMs = performance.now();
    await ask();
    latenciesMs.push(performance.now() - startedMs);
  });
  const [worked, asked] = await Promise.allSettled([working, asking]);
  if (worked.status === 'rejected') throw worked.reason;
  if (asked.status === 'rejected') throw asked.reason;
  return { result: worked.value, latenciesMs };
}

async function askUntil(state: { readonly isOver: boolean }, askTimed: () => Promise<void>): Promise<void> {
  while (!state.isOver) await askTimed();
}
