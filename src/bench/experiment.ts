import { setMaxListeners } from 'node:events';
import { Failure } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import type { BenchCell, RequestCount } from '../report/model.js';
import { createStore } from '../s3/client.js';
import type { S3Connection } from '../s3/connection.js';
import { withRetry } from '../s3/retry.js';
import { analyzeCells, type MeasuredCell, type RunSample } from './analyze.js';
import { runBlocks } from './blocks.js';
import { prepareWorkspace, type Cell } from './cells.js';
import { runsOf, type ArmName } from './arms.js';
import { describePlan, type ExperimentPlan } from './plan.js';
import { startArms, type RoundContext } from './rounds.js';

/** Where the objects go. The experiment removes what it made below `prefix`, the bucket stays. */
export interface ExperimentTarget {
  readonly connection: S3Connection;
  readonly bucket: string;
  /** Put before each key as it is: `''` or `bench/`. */
  readonly prefix: string;
  /** What the server was asked so far; absent or empty where it does not tell. */
  requestCounts?(): Promise<RequestCount[]>;
}

/**
 * Runs the planned blocks and answers with one cell per operation and size. Bytes that do not match make a sample
 * with `verified: false`, which fails the run; they never stop it or get left out.
 *
 * @throws Failure of preparation or of a transfer that its arm gave up on; `cancelled` after clean-up.
 */
export async function runExperiment(
  plan: ExperimentPlan,
  target: ExperimentTarget,
  signal: AbortSignal,
  progress: Progress,
  log: Log,
): Promise<BenchCell[]> {
  const bounded = AbortSignal.any([signal]);
  setMaxListeners(MOST_LISTENERS, bounded);
  const store = withRetry(createStore(target.connection, target.bucket, { log }));
  try {
    for (const note of [describePlan(plan), ...plan.notes]) progress.note(note);
    progress.begin('Preparing objects', 1);
    const workspace = await prepareWorkspace(plan, store, target.prefix, bounded, log);
    try {
      const { connection } = target;
      const requestCounts = () => target.requestCounts?.() ?? Promise.resolve([]);
      const context = { plan, connection, requestCounts, store, workspace, signal: bounded, log };
      return analyzeCells(plan, await runRounds(context, progress));
    } finally {
      await workspace.close();
    }
  } catch (error) {
    if (signal.aborted) throw new Failure('cancelled', 'The benchmark was cancelled', { cause: error });
    throw error;
  } finally {
    progress.end();
    store.close();
  }
}

/** Ranges of several objects are read at one time; Node warns from the eleventh listener on. */
const MOST_LISTENERS = 500;

async function runRounds(context: RoundContext, progress: Progress): Promise<MeasuredCell[]> {
  const { plan, workspace } = context;
  const runs = runsOf(plan.arms);
  const measured = await runBlocks<Cell, ArmName, RunSample>(
    {
      schedule: plan,
      cells: workspace.cells,
      armsOf: () => runs,
      startRound: () => startArms(context),
      isAlarming: ({ sample }) => !sample.verified,
      describe: (cell) => `${cell.operation} ${cell.label}`,
      title: 'Moving and verifying',
    },
    progress,
  );
  return measured;
}
