import type { Progress } from '../log/progress.js';
import { balancedOrders, rotated } from './orders.js';
import { createRandom, deriveSeed } from '../random/random.js';

/** How many blocks, and until when. */
export interface BlockSchedule {
  readonly seed: number;
  readonly blocks: number;
  readonly warmupBlocks: number;
  /** No round starts after this; absent: no limit. */
  readonly budgetMs?: number;
}

/** What one round measures with; every block of a cell meets a new one. */
export interface Round<C, Arm, Sample> {
  run(arm: Arm, cell: C, block: number, order: number): Promise<Sample>;
  stop(): Promise<void>;
}

/** An experiment in interleaved blocks: in each block each arm does the work of one cell once. */
export interface BlockExperiment<C extends { readonly id: string }, Arm, Sample> {
  readonly schedule: BlockSchedule;
  readonly cells: readonly C[];
  /** The arms of a cell, in the order of reports. */
  armsOf(cell: C): readonly Arm[];
  startRound(): Promise<Round<C, Arm, Sample>>;
  /** Samples of thrown away blocks that are kept all the same: wrong bytes are never left out. */
  isAlarming(sample: Sample): boolean;
  /** One line of progress. */
  describe(cell: C): string;
  readonly title: string;
}

export interface MeasuredBlocks<C, Arm, Sample> {
  readonly cell: C;
  /** In the order of blocks; those thrown away have negative numbers. */
  readonly samples: ReadonlyMap<Arm, readonly Sample[]>;
}

/**
 * Runs the blocks of an experiment: cells take turns, so that drift of the machine hits all of them, and orders of
 * arms are balanced and shuffled by the seed.
 *
 * @returns The cells that were measured.
 */
export async function runBlocks<C extends { readonly id: string }, Arm, Sample>(
  experiment: BlockExperiment<C, Arm, Sample>,
  progress: Progress,
): Promise<MeasuredBlocks<C, Arm, Sample>[]> {
  const { schedule, cells } = experiment;
  const startedMs = performance.now();
  const rounds = schedule.warmupBlocks + schedule.blocks;
  const orders = new Map(cells.map((cell) => [cell.id, ordersOf(experiment, cell)]));
  const recording = new Map<string, Map<Arm, Sample[]>>();
  progress.begin(experiment.title, rounds * cells.length);
  for (let round = 0; round < rounds; round += 1) {
    const spentMs = performance.now() - startedMs;
    const done = round - schedule.warmupBlocks;
    // One block is always measured: without it there is nothing to report.
    if (done > 0 && spentMs > (schedule.budgetMs ?? Infinity)) {
      progress.note(`The time limit is reached after ${done} of ${schedule.blocks} blocks`);
      break;
    }
    const arms = await experiment.startRound();
    try {
      for (const cell of rotated(cells, round)) {
        const samples = recording.get(cell.id) ?? new Map<Arm, Sample[]>();
        recording.set(cell.id, samples);
        await runBlock(
          experiment,
          arms,
          { cell, block: done, order: orders.get(cell.id)?.[round] ?? [] },
          samples,
        );
        progress.advance(1, experiment.describe(cell));
      }
    } finally {
      await arms.stop();
    }
  }
  return cells.flatMap((cell) => {
    const samples = recording.get(cell.id);
    return samples === undefined || samples.size === 0 ? [] : [{ cell, samples }];
  });
}

/** Each cell has orders of its own, for the thrown away blocks too. */
function ordersOf<C extends { readonly id: string }, Arm, Sample>(
  experiment: BlockExperiment<C, Arm, Sample>,
  cell: C,
): Arm[][] {
  const { seed, warmupBlocks, blocks } = experiment.schedule;
  const random = createRandom(deriveSeed(seed, `orders ${cell.id}`));
  const arms = experiment.armsOf(cell);
  return [...balancedOrders(arms, warmupBlocks, random), ...balancedOrders(arms, blocks, random)];
}

/** All arms of one cell back to back. */
async function runBlock<C extends { readonly id: string }, Arm, Sample>(
  experiment: BlockExperiment<C, Arm, Sample>,
  arms: Round<C, Arm, Sample>,
  place: { readonly cell: C; readonly block: number; readonly order: readonly Arm[] },
  samples: Map<Arm, Sample[]>,
): Promise<void> {
  for (const [order, arm] of place.order.entries()) {
    const sample = await arms.run(arm, place.cell, place.block, order);
    if (place.block < 0 && !experiment.isAlarming(sample)) continue;
    samples.set(arm, [...(samples.get(arm) ?? []), sample]);
  }
}
