import type { Comparison, Experiment, MountCell, MountSample, RequestCount } from '../../report/model.js';
import type { MeasuredBlocks } from '../blocks.js';
import { bootstrapMeanOfCells, bootstrapTrimmedMean, exponential } from '../statistics/bootstrap.js';
import { compareLogs } from '../statistics/compare.js';
import { median } from '../statistics/location.js';
import { benjaminiHochberg } from '../statistics/multiple.js';
import { deriveSeed } from '../../random/random.js';
import { decide, effectiveMargin } from '../statistics/verdict.js';
import type { MountOutcome } from './outcome.js';
import { againName, armsOf, describeMountPlan, type MountPlan } from './plan.js';
import type { Workload } from './workloads.js';

export type MeasuredWorkload = MeasuredBlocks<Workload, string, MountOutcome>;

/** Turns outcomes into the cells of the report; p values are adjusted over all comparisons of the run. */
export function analyzeMounts(plan: MountPlan, measured: readonly MeasuredWorkload[]): MountCell[] {
  const drafts = measured.map((workload) => compareAll(plan, workload));
  const adjusted = benjaminiHochberg(drafts.flat().map((draft) => draft.wilcoxonP));
  let next = 0;
  return measured.map(({ cell, samples }, index) => ({
    workload: cell.id,
    label: cell.label,
    amount: cell.amount,
    unit: cell.unit,
    arms: armsOf(plan, cell).map((arm) => describeArm(arm, samples.get(arm) ?? [])),
    comparisons: (drafts[index] ?? []).map((draft) => {
      const adjustedP = adjusted[next++] ?? 1;
      return { ...draft, adjustedP, verdict: decide({ ...draft, margin: plan.margin, adjustedP }) };
    }),
  }));
}

/** How it was done, and the geometric mean over the workloads, one row per other target. */
export function describeMountExperiment(plan: MountPlan, cells: readonly MountCell[]): Experiment {
  return {
    seed: plan.seed,
    plannedBlocks: plan.blocks,
    warmupBlocks: plan.warmupBlocks,
    ...(plan.budgetMs === undefined ? {} : { budgetMs: plan.budgetMs }),
    margin: plan.margin,
    notes: [describeMountPlan(plan)],
    summary: plan.targets.slice(1).flatMap((target) => summarize(plan, cells, target)),
  };
}

type Draft = Omit<Comparison, 'adjustedP' | 'verdict'>;

/** The first target against each other arm; the geometric mean of its two runs in a block halves its noise. */
function compareAll(plan: MountPlan, { cell, samples }: MeasuredWorkload): Draft[] {
  const [first = ''] = plan.targets;
  const ours = timesByBlock(samples.get(first) ?? []);
  const again = timesByBlock(samples.get(againName(plan)) ?? []);
  const others = armsOf(plan, cell).filter((arm) => arm !== first && arm !== againName(plan));
  const seed = deriveSeed(plan.seed, `bootstrap ${cell.id}`);
  const pairs = [...ours].flatMap(([block, oneMs]) => {
    const otherMs = again.get(block);
    return otherMs === undefined ? [] : [{ block, oneMs, otherMs }];
  });
  if (pairs.length === 0) return [];
  const noiseFloor = exponential(
    bootstrapTrimmedMean(
      pairs.map(({ oneMs, otherMs }) => Math.log(oneMs / otherMs)),
      { seed },
    ),
  );
  return others.flatMap((arm) => {
    const theirs = timesByBlock(samples.get(arm) ?? []);
    const logs = pairs.flatMap(({ block, oneMs, otherMs }) => {
      const theirMs = theirs.get(block);
      if (theirMs === undefined) return [];
      return [{ block, logRatio: Math.log(theirMs) - (Math.log(oneMs) + Math.log(otherMs)) / 2 }];
    });
    if (logs.length === 0) return [];
    const compared = compareLogs(logs, { seed });
    const perBlock = compared.perBlock.map((entry) => ({ ...entry }));
    const margin = effectiveMargin(plan.margin, noiseFloor);
    return [{ arm: first, baseline: arm, ...compared, perBlock, noiseFloor, margin }];
  });
}

function timesByBlock(outcomes: readonly MountOutcome[]): Map<number, number> {
  return new Map(
    measuredSamples(outcomes)
      .filter(({ block }) => block >= 0)
      .map(({ block, elapsedMs }) => [block, elapsedMs]),
  );
}

function describeArm(arm: string, outcomes: readonly MountOutcome[]): MountCell['arms'][number] {
  const samples = measuredSamples(outcomes);
  const failed = outcomes.find((outcome) => outcome.kind === 'failed');
  return {
    arm,
    ...(samples.length === 0 ? {} : { medianMs: median(samples.map(({ elapsedMs }) => elapsedMs)) }),
    requests: meanRequests(outcomes),
    samples,
    ...(failed === undefined ? {} : { problem: failed.reason }),
  };
}

function measuredSamples(outcomes: readonly MountOutcome[]): MountSample[] {
  return outcomes.flatMap((outcome) => (outcome.kind === 'measured' ? [outcome.sample] : []));
}

function meanRequests(outcomes: readonly MountOutcome[]): { operation: string; count: number }[] {
  const runs = outcomes.flatMap((outcome) => (outcome.kind === 'measured' ? [outcome.requests] : []));
  const sums = new Map<string, number>();
  for (const { operation, count } of runs.flat()) sums.set(operation, (sums.get(operation) ?? 0) + count);
  return [...sums].map(([operation, sum]) => ({ operation, count: sum / runs.length }));
}

/** What was asked between two readings of a server's counters. */
export function requestsBetween(
  before: readonly RequestCount[],
  after: readonly RequestCount[],
): RequestCount[] {
  const earlier = new Map(before.map((entry) => [entry.operation, entry]));
  return after
    .map((entry) => {
      const start = earlier.get(entry.operation);
      return {
        operation: entry.operation,
        count: entry.count - (start?.count ?? 0),
        errors: entry.errors - (start?.errors ?? 0),
        bytesSent: entry.bytesSent - (start?.bytesSent ?? 0),
        bytesReceived: entry.bytesReceived - (start?.bytesReceived ?? 0),
      };
    })
    .filter(({ count }) => count > 0);
}

function summarize(plan: MountPlan, cells: readonly MountCell[], baseline: string): Experiment['summary'] {
  const compared = cells.flatMap((cell) => cell.comparisons.filter((entry) => entry.baseline === baseline));
  const [one] = compared;
  if (one === undefined) return [];
  const logs = compared.map((entry) => entry.perBlock.map(({ ratio }) => Math.log(ratio)));
  const seed = deriveSeed(plan.seed, `summary ${baseline}`);
  const ratio = exponential(bootstrapMeanOfCells(logs, { seed }));
  const blocks = Math.min(...compared.map((entry) => entry.blocks));
  // The margin rule alone: a mean over workloads has no A/A pair and no test of its own.
  const noiseFloor = { estimate: 1, lower: 1, upper: 1 };
  const verdict = decide({ ratio, noiseFloor, margin: plan.margin, blocks, adjustedP: 0 });
  return [{ arm: one.arm, baseline, ratio, cells: compared.length, verdict }];
}
