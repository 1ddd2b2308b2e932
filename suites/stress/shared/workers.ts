import type { CaseContext } from '../../../src/harness/api/index.js';

/** Runs `count` workers at the same time; fails with the first that fails, when all have ended. */
export async function workers(
  context: Pick<CaseContext, 'signal'>,
  count: number,
  work: (worker: number) => Promise<void>,
): Promise<void> {
  const ended = await Promise.allSettled(Array.from({ length: count }, (_, worker) => work(worker)));
  context.signal.throwIfAborted();
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}

/** Does each of `items`, `count` at a time. */
export async function inParallel<T>(
  context: Pick<CaseContext, 'signal'>,
  count: number,
  items: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const left = items.entries();
  await workers(context, count, async () => {
    for (const [index, item] of left) {
      context.signal.throwIfAborted();
      await work(item, index);
    }
  });
}
