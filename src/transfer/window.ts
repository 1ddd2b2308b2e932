import { Failure } from '../errors/failure.js';
import { createWindow } from './congestion/choose.js';
import type { WindowController } from './congestion/controller.js';
import type { TransferContext } from './context.js';
import { inFlight } from './tally.js';

/** Work that is done a window of parts at a time. */
export interface WindowedWork<P> {
  /** The next piece, or `undefined` after the last. Asked only when there is a permit, so it bounds what is read. */
  next(signal: AbortSignal): Promise<P | undefined>;
  run(piece: P, signal: AbortSignal, window: WindowController): Promise<void>;
  /** Size of a full piece. */
  readonly pieceBytes: number;
  /** The most pieces in flight. */
  readonly connections: number;
}

/**
 * Runs all pieces with as many in flight as the window permits. The first final failure cancels the rest and is
 * thrown after all have ended.
 *
 * @param signal - the user's: fires `cancelled`.
 */
export async function runWindowed<P>(
  { settings, tally }: TransferContext,
  work: WindowedWork<P>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { pieceBytes, connections } = work;
  const limits = { partBytes: pieceBytes, maxBytes: connections * pieceBytes };
  const window = createWindow(settings.congestion, limits, performance.now());
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const running = new Set<Promise<void>>();
  const failures: Failure[] = [];
  const fail = (reason: unknown): void => {
    failures.push(Failure.from(reason));
    stop.abort();
  };
  // A second request for a part is in flight too, and is none of these.
  const start = (piece: P): void => {
    const task: Promise<void> = inFlight(tally, () => work.run(piece, either, window))
      .catch(fail)
      .finally(() => running.delete(task));
    running.add(task);
  };
  try {
    for (;;) {
      while (Math.max(running.size, tally.inFlight) >= window.permits(performance.now()))
        await Promise.race(running);
      either.throwIfAborted();
      const piece = await work.next(either);
      if (piece === undefined) break;
      start(piece);
    }
  } catch (reason) {
    fail(reason);
  }
  await Promise.all(running);
  const [first] = failures;
  if (first !== undefined) throw first;
}
