import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';

/** For tests: the threads that this process starts, of which Node itself tells. */
export class ThreadWatch {
  readonly started: Worker[] = [];
  readonly #ends: Promise<unknown>[] = [];
  readonly #note = (message: unknown): void => {
    const { worker } = message as { worker: Worker }; // of the channel `worker_threads` (Node.js documentation)
    this.started.push(worker);
    this.#ends.push(once(worker, 'exit'));
  };

  constructor() {
    subscribe('worker_threads', this.#note);
  }

  /** Waits until all of them have ended: a thread that goes on is a test that does not end. */
  async ended(): Promise<void> {
    unsubscribe('worker_threads', this.#note);
    await Promise.all(this.#ends);
  }

  async killAll(): Promise<void> {
    await Promise.all(this.started.map((worker) => worker.terminate()));
  }
}
