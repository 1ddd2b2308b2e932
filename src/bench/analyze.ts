import type { Arm, BenchCell, Comparison, Experiment, Sample } from '../report/model.js';
import type { Cell } from './cells.js';
import { describePlan, type ArmName, ARMS, type ExperimentPlan } from './plan.js';
import { bootstrapMeanOfCells, exponential, type Interval } from './statistics/bootstrap.js';
import { compareLogs, comparePaired, noiseFloor, type BlockTimes } from './statistics/compare.js';
import { benjaminiHochberg } from './statistics/multiple.js';
import { deriveSeed } from '../random/random.js';
import { decide, effectiveMargin } from './statistics/verdict.js';

/** The samples of one cell, arm by arm, in the order of blocks. */
export interface MeasuredCell {
  readonly cell: Pick<Cell, 'id' | 'operation' | 'label' | 'sizeBytes' | 'files'>;
  readonly samples: Readonly<Record<ArmName, readonly Sample[]>>;
}

const NO_NOISE: Interval = { estimate: 1, lower: 1, upper: 1 };
const MIB = 1024 * 1024;

/** Turns samples into the cells of the report: throughput of each arm, comparisons, verdicts over the whole family. */
export function analyzeCells(plan: ExperimentPlan, measured: readonly MeasuredCell[]): BenchCell[] {
  const drafts = measured.map((cell) => draftComparisons(plan, cell));
  const adjusted = benjaminiHochberg(drafts.flat().map((draft) => draft.wilcoxonP));
  let next = 0;
  return measured.map(({ cell, samples }, index) => ({
    operation: cell.operation,
    label: cell.label,
    sizeBytes: cell.sizeBytes,
    objects: cell.files.length,
    profile: plan.profile,
    arms: ARMS.map((arm) => describeArm(arm, samples[arm])),
    comparisons: (drafts[index] ?? []).map((draft) => finish(plan, draft, adjusted[next++] ?? 1)),
  }));
}

/** How the experiment was done, and the geometric mean over its cells. */
export function describeExperiment(plan: ExperimentPlan, cells: readonly BenchCell[]): Experiment {
  return {
    seed: plan.seed,
    plannedBlocks: plan.blocks,
    warmupBlocks: plan.warmupBlocks,
    ...(plan.budgetMs === undefined ? {} : { budgetMs: plan.budgetMs }),
    margin: plan.margin,
    notes: [describePlan(plan), ...plan.notes],
    summary: [
      summarize(plan, cells, 'optimized', 'plain'),
      summarize(plan, cells, 'sdk', 'plain'),
      summarize(plan, cells, 'optimized', 'sdk'),
    ].flat(),
  };
}

type Draft = Omit<Comparison, 'adjustedP' | 'verdict'>;

function draftComparisons(plan: ExperimentPlan, { cell, samples }: MeasuredCell): Draft[] {
  const seed = deriveSeed(plan.seed, `bootstrap ${cell.id}`);
  const floor = noiseFloor(blockTimes(samples, 'optimized'), { seed });
  const common = { noiseFloor: floor, margin: effectiveMargin(plan.margin, floor) };
  const withPlain = (['optimized', 'sdk'] as const).map((arm) => ({
    arm,
    baseline: 'plain',
    ...plainObject(comparePaired(blockTimes(samples, arm), { seed })),
    ...common,
  }));
  const logs = byBlock(samples).map((block) => ({
    block: block.optimized.block,
    logRatio: Math.log(block.sdk.elapsedMs / block.optimized.elapsedMs),
  }));
  const withSdk = {
    arm: 'optimized',
    baseline: 'sdk',
    ...plainObject(compareLogs(logs, { seed })),
    ...common,
  };
  return [...withPlain, withSdk];
}

/** The model's arrays are mutable for zod; the statistics' are not. */
function plainObject(comparison: ReturnType<typeof compareLogs>) {
  return { ...comparison, perBlock: comparison.perBlock.map((entry) => ({ ...entry })) };
}

function blockTimes(samples: MeasuredCell['samples'], arm: ArmName): BlockTimes[] {
  return byBlock(samples).map((block) => ({
    block: block.plain.block,
    baselineMs: block.plain.elapsedMs,
    baselineAgainMs: block['plain-again'].elapsedMs,
    armMs: block[arm].elapsedMs,
  }));
}

/** The blocks that count, complete in all arms; thrown away blocks have negative numbers. */
function byBlock(samples: MeasuredCell['samples']): Record<ArmName, Sample>[] {
  return samples.plain.flatMap((plain) => {
    const find = (arm: ArmName) => samples[arm].find((sample) => sample.block === plain.block);
    const [sdk, optimized, again] = [find('sdk'), find('optimized'), find('plain-again')];
    if (plain.block < 0 || sdk === undefined || optimized === undefined || again === undefined) return [];
    return [{ plain, sdk, optimized, 'plain-again': again }];
  });
}

function finish(plan: ExperimentPlan, draft: Draft, adjustedP: number): Comparison {
  return { ...draft, adjustedP, verdict: decide({ ...draft, margin: plan.margin, adjustedP }) };
}

function describeArm(arm: ArmName, samples: readonly Sample[]): Arm {
  const bytes = samples.reduce((sum, sample) => sum + sample.bytes, 0);
  const elapsedMs = samples.reduce((sum, sample) => sum + sample.elapsedMs, 0);
  return { arm, mibPerSecond: bytes / MIB / (elapsedMs / 1000), samples: [...samples] };
}

/** One row of the summary, over the cells in which both arms were measured; none where there is no cell. */
function summarize(
  plan: ExperimentPlan,
  cells: readonly BenchCell[],
  arm: string,
  baseline: string,
): Experiment['summary'] {
  const comparisons = cells.flatMap((cell) =>
    cell.comparisons.filter((entry) => entry.arm === arm && entry.baseline === baseline),
  );
  if (comparisons.length === 0) return [];
  const logs = comparisons.map((entry) => entry.perBlock.map(({ ratio }) => Math.log(ratio)));
  const seed = deriveSeed(plan.seed, `summary ${arm} ${baseline}`);
  const ratio = exponential(bootstrapMeanOfCells(logs, { seed }));
  const blocks = Math.min(...comparisons.map((entry) => entry.blocks));
  // The margin rule alone: a mean over cells has no A/A pair and no test of its own.
  const verdict = decide({ ratio, noiseFloor: NO_NOISE, margin: plan.margin, blocks, adjustedP: 0 });
  return [{ arm, baseline, ratio, cells: comparisons.length, verdict }];
}
