import { Failure } from '../../errors/failure.js';
import { pause } from '../../s3/backoff.js';
import { wrapStore, type StoreMethod } from '../../s3/metered.js';
import { sharedSignal } from '../../s3/shared-signal.js';
import type { ObjectStore } from '../../s3/store.js';
import { startRate, withBegun, withRefused, withServed, type RequestRate } from './rate.js';

/** Lets requests begin in turn, no faster than the store was seen to take them. */
export class RequestPacer {
  #rate: RequestRate = startRate();
  /** Resolves when all who came so far have begun or given up. */
  #others: Promise<void> = Promise.resolve();

  /** Requests that may begin per second; Infinity: none was refused so far. */
  perSecond(): number {
    return this.#rate.perSecond;
  }

  /**
   * Waits for its turn, runs `request`, and learns from its end.
   *
   * @throws what `request` throws; Failure `cancelled` as soon as the signal fires while it waits.
   */
  async run<T>(request: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    await this.#turn(signal);
    const beganMs = performance.now();
    try {
      const value = await request();
      this.#rate = withServed(this.#rate, performance.now());
      return value;
    } catch (reason) {
      if (Failure.from(reason).kind === 'throttled')
        this.#rate = withRefused(this.#rate, beganMs, performance.now());
      throw reason;
    }
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    const before = this.#others;
    let leave: () => void = () => undefined;
    this.#others = new Promise((resolve) => (leave = resolve));
    try {
      await unlessAborted(before, signal);
      for (let nowMs = performance.now(); nowMs < this.#rate.nextMs; nowMs = performance.now())
        await pause(this.#rate.nextMs - nowMs, signal);
      this.#rate = withBegun(this.#rate, performance.now());
    } finally {
      void before.then(leave);
    }
  }
}

function unlessAborted(before: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return before;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(Failure.from(signal.reason));
    };
    if (signal.aborted) onAbort();
    sharedSignal(signal).addEventListener('abort', onAbort, { once: true });
    void before.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}

/** S3 counts GET and HEAD apart from all that changes something (see `throttle` of the link laboratory). */
const READS = new Set<StoreMethod>(['head', 'get', 'tags', 'list', 'listUploads']);

const paced = new WeakMap<ObjectStore, ObjectStore>();

/**
 * The store with one learnt rate for its reads and one for its writes, which all who ask for it here share. Until it has
 * refused a request (`throttled`) nothing waits.
 */
export function pacedStore(store: ObjectStore): ObjectStore {
  const known = paced.get(store);
  if (known !== undefined) return known;
  const [reads, writes] = [new RequestPacer(), new RequestPacer()];
  const made = wrapStore(store, (method, run, signal) =>
    (READS.has(method) ? reads : writes).run(run, signal),
  );
  paced.set(store, made).set(made, made);
  return made;
}
