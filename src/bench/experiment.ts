import { setMaxListeners } from 'node:events';
import { Failure } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import type { BenchCell, Sample } from '../report/model.js';
import { createStore } from '../s3/client.js';
import type { S3Connection } from '../s3/connection.js';
import { withRetry } from '../s3/retry.js';
import { analyzeCells, type MeasuredCell } from './analyze.js';
import { prepareWorkspace, type Cell, type Workspace } from './cells.js';
import { balancedOrders, rotated } from './orders.js';
import { ARMS, describePlan, type ArmName, type ExperimentPlan } from './plan.js';
import { startArms, type ArmSet, type RoundContext } from './rounds.js';
import { createRandom, deriveSeed } from './statistics/random.js';

/** Where the objects go. The experiment removes what it made below `prefix`, the bucket stays. */
export interface ExperimentTarget {
  readonly connection: S3Connection;
  readonly bucket: string;
  /** Put before each key as it is: `''` or `bench/`. */
  readonly prefix: string;
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
      const context = { plan, connection: target.connection, store, workspace, signal: bounded, log };
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

type Recording = Map<string, Record<ArmName, Sample[]>>;

async function runRounds(context: RoundContext, progress: Progress): Promise<MeasuredCell[]> {
  const { plan, workspace } = context;
  const startedMs = performance.now();
  const rounds = plan.warmupBlocks + plan.blocks;
  const orders = cellOrders(plan, workspace);
  const recording: Recording = new Map();
  progress.begin('Moving and verifying', rounds * workspace.cells.length);
  for (let round = 0; round < rounds; round += 1) {
    const spentMs = performance.now() - startedMs;
    // One block is always measured: without it there is nothing to report.
    if (round > plan.warmupBlocks && spentMs > (plan.budgetMs ?? Infinity)) {
      progress.note(`The time limit is reached after ${round - plan.warmupBlocks} of ${plan.blocks} blocks`);
      break;
    }
    const arms = await startArms(context);
    try {
      for (const cell of rotated(workspace.cells, round)) {
        await runBlock(
          arms,
          cell,
          round - plan.warmupBlocks,
          orders.get(cell.id)?.[round] ?? ARMS,
          recording,
        );
        progress.advance(1, `${cell.operation} ${cell.label}`);
      }
    } finally {
      await arms.stop();
    }
  }
  return workspace.cells.flatMap((cell) => {
    const samples = recording.get(cell.id);
    return samples === undefined ? [] : [{ cell, samples }];
  });
}

/** Each cell has orders of its own, for the thrown away blocks too. */
function cellOrders(plan: ExperimentPlan, workspace: Workspace): Map<string, ArmName[][]> {
  return new Map(
    workspace.cells.map(({ id }) => {
      const random = createRandom(deriveSeed(plan.seed, `orders ${id}`));
      const warmup = balancedOrders(ARMS, plan.warmupBlocks, random);
      return [id, [...warmup, ...balancedOrders(ARMS, plan.blocks, random)]];
    }),
  );
}

/** All arms of one cell back to back. Blocks with a negative number are thrown away, except for wrong bytes. */
async function runBlock(
  arms: ArmSet,
  cell: Cell,
  block: number,
  order: readonly ArmName[],
  recording: Recording,
): Promise<void> {
  for (const [place, arm] of order.entries()) {
    const sample = await arms.run(arm, cell, block, place);
    if (block < 0 && sample.verified) continue;
    const samples = recording.get(cell.id) ?? { plain: [], sdk: [], optimized: [], 'plain-again': [] };
    samples[arm].push(sample);
    recording.set(cell.id, samples);
  }
}
