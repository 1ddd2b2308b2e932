import { Failure } from '../errors/failure.js';

/** Mutual exclusion by name. Waiters are served in order of arrival; several names are taken in sorted order. */
export class LockTable {
  readonly #tails = new Map<string, Promise<void>>();

  /**
   * Runs `work` alone among all holders of any of `keys`.
   *
   * @throws Failure `cancelled` where the signal fires while waiting.
   */
  async run<T>(keys: readonly string[], work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const releases: (() => void)[] = [];
    try {
      for (const key of [...new Set(keys)].sort()) releases.push(await this.#acquire(key, signal));
      return await work();
    } finally {
      for (const release of releases.reverse()) release();
    }
  }

  async #acquire(key: string, signal: AbortSignal | undefined): Promise<() => void> {
    const before = this.#tails.get(key);
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const tail = before === undefined ? gate : before.then(() => gate);
    this.#tails.set(key, tail);
    const release = (): void => {
      open();
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    };
    if (before === undefined) return release;
    try {
      await orAbort(before, signal);
    } catch (error) {
      // The place in the queue is given up only when its turn comes, else the order behind it breaks.
      void before.then(release);
      throw error;
    }
    return release;
  }
}

/** The promise, or a `cancelled` failure as soon as the signal fires. */
export async function orAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await promise;
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = (): void => {
      reject(new Failure('cancelled', 'The operation was cancelled'));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
