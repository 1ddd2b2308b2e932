import { Failure } from '../errors/failure.js';

/** A piece of work of a run. */
export interface LaneJob<Lane, Result> {
  /** Nothing else runs beside it: it measures time or memory, or fills the machine by itself. */
  readonly isAlone: boolean;
  /** How long it may take, as far as that is known: the longest begins first. */
  readonly weightMs: number;
  /**
   * @param begun - The work of the first one calls it when the others may begin, too.
   * @throws only what ends the whole run.
   */
  run(lane: Lane, begun: () => void, signal: AbortSignal): Promise<Result>;
}

/** Where jobs are done: never two of them in one lane at a time. */
export interface Lanes<Lane> {
  readonly first: Lane;
  /** Opens one more for as long as it is used, and closes it. Absent: one job after the other. */
  readonly withSecond?: (use: (lane: Lane) => Promise<void>, signal: AbortSignal) => Promise<void>;
}

/**
 * Does the longest job first, two at a time where there is a second lane, those that are to be alone at the end. The
 * second lane waits until the first job says that it has begun: what can not begin at all ends the run then, once.
 *
 * @returns The results in the order of the jobs.
 * @throws what a job throws; the job beside it has been stopped and has ended by then.
 */
export async function runInLanes<Lane, Result>(
  jobs: readonly LaneJob<Lane, Result>[],
  lanes: Lanes<Lane>,
  signal: AbortSignal,
): Promise<Result[]> {
  const results = new Map<LaneJob<Lane, Result>, Result>();
  const ordered = inRunOrder(jobs);
  const { withSecond } = lanes;
  const queue = ordered.filter(({ isAlone }) => !isAlone);
  const drain = async (lane: Lane, begun: () => void, either: AbortSignal): Promise<void> => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      either.throwIfAborted();
      results.set(job, await job.run(lane, begun, either));
    }
  };
  if (withSecond === undefined) await drain(lanes.first, () => undefined, signal);
  else await drainTwice(lanes.first, withSecond, drain, signal);
  queue.push(...ordered.filter(({ isAlone }) => isAlone));
  await drain(lanes.first, () => undefined, signal);
  return jobs.flatMap((job) => results.get(job) ?? []);
}

/** The order in which jobs begin: a long one at the end would leave a lane without work. */
export function inRunOrder<T extends Pick<LaneJob<unknown, unknown>, 'isAlone' | 'weightMs'>>(
  jobs: readonly T[],
): readonly T[] {
  return jobs.toSorted((a, b) => Number(a.isAlone) - Number(b.isAlone) || b.weightMs - a.weightMs);
}

async function drainTwice<Lane>(
  first: Lane,
  withSecond: NonNullable<Lanes<Lane>['withSecond']>,
  drain: (lane: Lane, begun: () => void, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const gate = openGate();
  const giveUp = (reason: unknown): never => {
    stop.abort(new Failure('cancelled', 'The run is over: another suite of it could not go on'));
    gate.open();
    throw reason;
  };
  const runSecond = async (): Promise<void> => {
    await gate.opened;
    either.throwIfAborted();
    await withSecond((lane) => drain(lane, () => undefined, either), either);
  };
  const both = [drain(first, gate.open, either).then(gate.open, giveUp), runSecond().catch(giveUp)];
  try {
    await Promise.all(both);
  } finally {
    await Promise.allSettled(both);
  }
}

function openGate(): { readonly open: () => void; readonly opened: Promise<void> } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}
