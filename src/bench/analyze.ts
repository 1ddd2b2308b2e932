import type { Arm, BenchCell, Comparison, Experiment, RequestCount, Sample } from '../report/model.js';
import type { Cell } from './cells.js';
import { againOf, pairsOf, runsOf, type ArmName, type ComparedArm } from './arms.js';
import { describePlan, type ExperimentPlan } from './plan.js';
import { bootstrapMeanOfCells, exponential, type Interval } from './statistics/bootstrap.js';
import { compareLogs, comparePaired, noiseFloor, type BlockTimes } from './statistics/compare.js';
import { benjaminiHochberg } from './statistics/multiple.js';
import { deriveSeed } from '../random/random.js';
import { decide, effectiveMargin } from './statistics/verdict.js';

/** A sample, and what the server was asked during its timed part; empty where the server does not tell. */
export interface RunSample {
  readonly sample: Sample;
  readonly served: readonly RequestCount[];
}

/** The samples of one cell, arm by arm, in the order of blocks. */
export interface MeasuredCell {
  readonly cell: Pick<Cell, 'id' | 'operation' | 'label' | 'sizeBytes' | 'files'>;
  readonly samples: ReadonlyMap<ArmName, readonly RunSample[]>;
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
    arms: runsOf(plan.arms).map((arm) => describeArm(arm, samples.get(arm) ?? [])),
    comparisons: (drafts[index] ?? []).map((draft) => finish(plan, draft, adjusted[next++] ?? 1)),
  }));
}

/** Cells that were analyzed apart, as one family: their p values adjusted together, their verdicts by those. */
export function asOneFamily(plan: Pick<ExperimentPlan, 'margin'>, cells: readonly BenchCell[]): BenchCell[] {
  const all = cells.flatMap(({ comparisons }) => comparisons);
  const adjusted = benjaminiHochberg(all.map(({ wilcoxonP }) => wilcoxonP));
  let next = 0;
  return cells.map((cell) => ({
    ...cell,
    comparisons: cell.comparisons.map((entry) => finish(plan, entry, adjusted[next++] ?? 1)),
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
    summary: pairsOf(plan.arms).flatMap(({ arm, baseline }) => summarize(plan, cells, arm, baseline)),
  };
}

type Draft = Omit<Comparison, 'adjustedP' | 'verdict'>;

function draftComparisons(plan: ExperimentPlan, { cell, samples }: MeasuredCell): Draft[] {
  const seed = deriveSeed(plan.seed, `bootstrap ${cell.id}`);
  const [first] = plan.arms;
  if (first === undefined) return [];
  const blocks = completeBlocks(samples, runsOf(plan.arms));
  const floor = noiseFloor(blockTimes(blocks, first, first), { seed });
  const common = { noiseFloor: floor, margin: effectiveMargin(plan.margin, floor) };
  return pairsOf(plan.arms).map(({ arm, baseline }) => {
    const compared =
      baseline === first
        ? comparePaired(blockTimes(blocks, first, arm), { seed })
        : compareLogs(logRatios(blocks, baseline, arm), { seed });
    return { arm, baseline, ...plainObject(compared), ...common };
  });
}

/** The model's arrays are mutable for zod; the statistics' are not. */
function plainObject(comparison: ReturnType<typeof compareLogs>) {
  return { ...comparison, perBlock: comparison.perBlock.map((entry) => ({ ...entry })) };
}

/** A block that counts, with the time of each of its runs. */
interface CompleteBlock {
  readonly block: number;
  readonly elapsedMs: (run: ArmName) => number;
}

/** The blocks that are complete in all runs; thrown away blocks have negative numbers. */
function completeBlocks(samples: MeasuredCell['samples'], runs: readonly ArmName[]): CompleteBlock[] {
  const byRun = new Map(
    runs.map((run) => [
      run,
      new Map((samples.get(run) ?? []).map(({ sample }) => [sample.block, sample.elapsedMs])),
    ]),
  );
  const [first] = runs;
  const numbers = first === undefined ? [] : [...(byRun.get(first)?.keys() ?? [])];
  return numbers
    .filter((block) => block >= 0 && runs.every((run) => byRun.get(run)?.has(block) === true))
    .map((block) => ({ block, elapsedMs: (run) => byRun.get(run)?.get(block) ?? NaN }));
}

/** Both runs of the baseline beside one of the arm. */
function blockTimes(blocks: readonly CompleteBlock[], baseline: ComparedArm, arm: ComparedArm): BlockTimes[] {
  return blocks.map(({ block, elapsedMs }) => ({
    block,
    baselineMs: elapsedMs(baseline),
    baselineAgainMs: elapsedMs(againOf(baseline)),
    armMs: elapsedMs(arm),
  }));
}

/** Log speed-ups between two arms neither of which is the baseline. */
function logRatios(blocks: readonly CompleteBlock[], baseline: ComparedArm, arm: ComparedArm) {
  return blocks.map(({ block, elapsedMs }) => ({
    block,
    logRatio: Math.log(elapsedMs(baseline) / elapsedMs(arm)),
  }));
}

function finish(plan: Pick<ExperimentPlan, 'margin'>, draft: Draft, adjustedP: number): Comparison {
  return { ...draft, adjustedP, verdict: decide({ ...draft, margin: plan.margin, adjustedP }) };
}

function describeArm(arm: ArmName, runs: readonly RunSample[]): Arm {
  const samples = runs.map(({ sample }) => sample);
  const bytes = samples.reduce((sum, sample) => sum + sample.bytes, 0);
  const elapsedMs = samples.reduce((sum, sample) => sum + sample.elapsedMs, 0);
  return {
    arm,
    mibPerSecond: bytes / MIB / (elapsedMs / 1000),
    served: meanCounts(runs.map(({ served }) => served)),
    samples,
  };
}

/** Mean over the runs of an arm, by operation. */
function meanCounts(runs: readonly (readonly RequestCount[])[]): NonNullable<Arm['served']> {
  const totals = new Map<string, number>();
  for (const { operation, count } of runs.flat()) totals.set(operation, (totals.get(operation) ?? 0) + count);
  return [...totals].map(([operation, count]) => ({ operation, count: count / runs.length }));
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
