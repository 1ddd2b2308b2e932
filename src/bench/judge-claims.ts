import { formatSize } from '../config/size.js';
import { deriveSeed } from '../random/random.js';
import type { ClaimResult } from '../report/claim-model.js';
import type { Arm, BenchCell, LinkFacts } from '../report/model.js';
import type { Storm } from '../report/storm-model.js';
import { PROGRAM_LINK, type Claim } from './claims.js';
import { bootstrapTrimmedMean, exponential, type Interval } from './statistics/bootstrap.js';
import { bootstrapQuantileRatio, type PairedValues } from './statistics/pooled.js';
import { excludesOne, MINIMUM_BLOCKS } from './statistics/verdict.js';

/** What a claim is held against. */
export interface ClaimEvidence {
  readonly cells: readonly BenchCell[];
  /** Capacities are those of its link. */
  readonly links: readonly LinkFacts[];
  readonly seed: number;
}

/** Of what a server allows, and of what it may have to refuse, after the first 10 s. */
const STORM_GOODPUT = 0.9;
const STORM_REFUSED = 0.05;

type Finding = { readonly measured: Interval; readonly blocks: number } | { readonly reason: string };

/** What a run says of a claim. */
export function judgeClaim(claim: Claim, evidence: ClaimEvidence): ClaimResult {
  const { metric } = claim;
  const limit =
    'most' in metric
      ? { side: 'most' as const, bound: metric.most }
      : { side: 'least' as const, bound: metric.least };
  const says = sentenceOf(claim);
  const finding = findingOf(claim, evidence);
  if ('reason' in finding) return { says, ...limit, state: 'not-measured', reason: finding.reason };
  const { measured, blocks } = finding;
  if (blocks < MINIMUM_BLOCKS) {
    return { says, ...limit, measured, state: 'open', reason: `${blocks} blocks decide nothing` };
  }
  return { says, ...limit, measured, state: stateOf(limit, measured) };
}

/** What the server counted has no interval. */
export function judgeStormClaims({ requestsPerSecond, arms }: Storm): ClaimResult[] {
  const optimized = arms.find(({ arm }) => arm === 'optimized');
  const place = `a server that allows ${requestsPerSecond} requests/s`;
  const row = (
    says: string,
    limit: Pick<ClaimResult, 'bound' | 'side'>,
    value: number | undefined,
  ): ClaimResult => {
    if (value === undefined) return { says, ...limit, state: 'not-measured', reason: 'there was no storm' };
    const measured = { estimate: value, lower: value, upper: value };
    return { says, ...limit, measured, state: stateOf(limit, measured) };
  };
  return [
    row(
      `${place}: optimized gets at least ${STORM_GOODPUT} of that`,
      { side: 'least', bound: STORM_GOODPUT },
      optimized?.goodputShare,
    ),
    row(
      `${place}: at most ${STORM_REFUSED} of the requests of optimized are refused after 10 s`,
      { side: 'most', bound: STORM_REFUSED },
      optimized?.refusedShare,
    ),
  ];
}

function stateOf(
  { side, bound }: Pick<ClaimResult, 'bound' | 'side'>,
  { lower, upper }: Interval,
): ClaimResult['state'] {
  const [worst, best] = side === 'least' ? [lower, upper] : [-upper, -lower];
  const edge = side === 'least' ? bound : -bound;
  if (worst >= edge) return 'reached';
  return best < edge ? 'missed' : 'open';
}

function sentenceOf({ profile, operation, sizeBytes, arm, metric }: Claim): string {
  const what = `${profile}, ${operation} of ${formatSize(sizeBytes)}: ${arm}`;
  switch (metric.kind) {
    case 'speed':
      return `${what} is at least ${metric.least} times as fast as ${metric.against}`;
    case 'capacity':
      return `${what} reaches at least ${metric.least} of the link's capacity`;
    case 'cpu':
      return `${what} takes at most ${metric.most} of the CPU time of ${metric.against}`;
    case 'beside':
      return `${what} lets small requests beside it wait at most ${metric.most} times as long (p99) as ${metric.against}`;
  }
}

function findingOf(claim: Claim, { cells, links, seed }: ClaimEvidence): Finding {
  const { arm, metric } = claim;
  const cell = cells.find(
    ({ profile, operation, sizeBytes, arms }) =>
      profile === claim.profile &&
      operation === claim.operation &&
      sizeBytes === claim.sizeBytes &&
      arms.some((entry) => entry.arm === arm),
  );
  const [own, other] = [arm, 'against' in metric ? metric.against : arm].map((name) =>
    cell?.arms.find((entry) => entry.arm === name),
  );
  if (cell === undefined || own === undefined || other === undefined)
    return { reason: 'it was not among what was run' };
  if (metric.kind === 'speed') return speedOf(cell, arm, metric.against);
  const derived = deriveSeed(seed, `claim ${sentenceOf(claim)}`);
  if (metric.kind === 'beside') return besideOf(own, other, derived);
  const logs = metric.kind === 'cpu' ? cpuLogs(own, other) : capacityLogs(own, capacityOf(claim, links));
  if (logs.length === 0) return { reason: 'the link has no capacity, or nothing was counted' };
  return { measured: exponential(bootstrapTrimmedMean(logs, { seed: derived })), blocks: logs.length };
}

function speedOf(cell: BenchCell, arm: string, against: string): Finding {
  const found = cell.comparisons.find((entry) => entry.arm === arm && entry.baseline === against);
  if (found === undefined) return { reason: `${arm} was not compared with ${against}` };
  return { measured: widened(found.ratio, found.noiseFloor), blocks: found.blocks };
}

/** Where the baseline differs from itself, the interval is wider by as much as it may: no less is known. */
function widened(ratio: Interval, noiseFloor: Interval): Interval {
  if (!excludesOne(noiseFloor)) return ratio;
  const factor = Math.max(noiseFloor.upper, 1 / noiseFloor.lower);
  return { estimate: ratio.estimate, lower: ratio.lower / factor, upper: ratio.upper * factor };
}

/** The 99th percentile of all requests of all blocks: one block has too few. */
function besideOf(own: Arm, other: Arm, seed: number): Finding {
  const others = new Map(counted(other).map(({ block, besideMs }) => [block, besideMs]));
  const blocks = counted(own).flatMap(({ block, besideMs }): PairedValues[] => {
    const paired = others.get(block);
    return besideMs === undefined || paired === undefined ? [] : [{ own: besideMs, other: paired }];
  });
  if (blocks.length === 0) return { reason: 'nobody asked for small objects meanwhile' };
  return { measured: bootstrapQuantileRatio(blocks, 0.99, { seed }), blocks: blocks.length };
}

/** Blocks that were thrown away have negative numbers. */
function counted({ samples }: Arm): Arm['samples'] {
  return samples.filter(({ block }) => block >= 0);
}

function cpuLogs(own: Arm, other: Arm): number[] {
  const others = new Map(counted(other).map(({ block, cpuMs }) => [block, cpuMs]));
  return counted(own).flatMap(({ block, cpuMs }) => {
    const otherMs = others.get(block);
    return otherMs === undefined ? [] : [Math.log(cpuMs / otherMs)];
  });
}

function capacityLogs(own: Arm, bytesPerSecond: number | undefined): number[] {
  if (bytesPerSecond === undefined) return [];
  return counted(own).map(({ bytes, elapsedMs }) => Math.log((1000 * bytes) / elapsedMs / bytesPerSecond));
}

function capacityOf({ profile, operation }: Claim, links: readonly LinkFacts[]): number | undefined {
  const link = links.find(({ name }) => name === profile);
  return operation === 'upload' ? link?.totalUpBytesPerSecond : link?.totalDownBytesPerSecond;
}

/** The row of a program that is not installed here. */
export function missingProgram({ program, reason }: { program: string; reason: string }): ClaimResult {
  return {
    says: `${PROGRAM_LINK}: objectfs-cp is at least as fast as ${program}`,
    ...{ side: 'least', bound: 1, state: 'not-measured', reason },
  };
}
