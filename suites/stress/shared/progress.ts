import { CaseFailure, type CaseContext } from '../../../src/harness/api/index.js';

/** After this long without an end of any of its calls a worker stands still. */
export const NO_PROGRESS_MS = 10_000;
const LOOK_EVERY_MS = 500;

interface Doing {
  readonly what: string;
  readonly sinceMs: number;
}

/** Counts what workers get done, and finds the one that stands still. */
export class Progress {
  /** Calls that have ended. */
  done = 0;
  readonly #doing = new Map<number, Doing>();

  /** One call of a worker. Calls of one worker come one after the other. */
  async step<T>(worker: number, what: string, call: () => Promise<T>): Promise<T> {
    this.#doing.set(worker, { what, sinceMs: performance.now() });
    try {
      return await call();
    } finally {
      this.#doing.delete(worker);
      this.done += 1;
    }
  }

  /**
   * Waits for `work`.
   *
   * @throws CaseFailure with the calls that stand still as soon as one has not ended for {@link NO_PROGRESS_MS}.
   */
  async watch(context: Pick<CaseContext, 'signal'>, work: Promise<unknown>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const stuck = new Promise<never>((_resolve, reject) => {
      timer = setInterval(() => {
        const why = this.#stuck();
        if (why !== undefined) reject(new CaseFailure(why));
      }, LOOK_EVERY_MS);
    });
    // The loser of the race: a call that stands still ends when the target is ended.
    work.catch(() => undefined);
    try {
      await Promise.race([work, stuck]);
    } finally {
      clearInterval(timer);
    }
    context.signal.throwIfAborted();
  }

  /** Which calls stand still, if any. */
  #stuck(): string | undefined {
    const nowMs = performance.now();
    const stuck = [...this.#doing].filter(([, { sinceMs }]) => nowMs - sinceMs > NO_PROGRESS_MS);
    if (stuck.length === 0) return undefined;
    const calls = stuck.map(([worker, { what }]) => `worker ${worker}: ${what}`).join('; ');
    return `no progress for ${NO_PROGRESS_MS / 1000} s after ${this.done} calls in: ${calls}`;
  }
}
