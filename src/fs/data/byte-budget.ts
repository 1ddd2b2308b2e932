import { orAbort } from '../locks.js';

interface Waiter {
  readonly bytes: number;
  readonly start: () => void;
}

/** A bound on bytes in memory, shared by all who hold buffers. Waiters are served in order of arrival. */
export class ByteBudget {
  readonly limitBytes: number;
  readonly #queue: Waiter[] = [];
  #heldBytes = 0;

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes bytes where there is room now and nobody waits. */
  take(bytes: number): boolean {
    if (this.#queue.length > 0 || this.#heldBytes + bytes > this.limitBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (this.#heldBytes > 0 && this.#heldBytes + next.bytes > this.limitBytes) return;
      this.#queue.shift();
      this.#heldBytes += next.bytes;
      next.start();
    }
  }

  /**
   * Runs `work` while it holds `bytes`. More than the whole budget counts as all of it: it then runs alone.
   *
   * @throws Failure `cancelled` where the signal fires while waiting.
   */
  async run<T>(bytes: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const held = Math.min(bytes, this.limitBytes);
    if (!this.take(held)) await this.#wait(held, signal);
    try {
      return await work();
    } finally {
      this.give(held);
    }
  }

  async #wait(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    let start: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      start = resolve;
    });
    const waiter = { bytes, start };
    this.#queue.push(waiter);
    try {
      await orAbort(started, signal);
    } catch (error) {
      const index = this.#queue.indexOf(waiter);
      if (index >= 0) this.#queue.splice(index, 1);
      // It may have been served between the signal and here. Either way, those behind it may now fit.
      this.give(index >= 0 ? 0 : bytes);
      throw error;
    }
  }
}
