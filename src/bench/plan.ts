import type { Config } from '../config/schema.js';
import { formatSize } from '../config/size.js';
import { usageError } from '../errors/failure.js';
import type { LinkFacts } from '../report/model.js';
import { DEFAULT_ARMS, isProgram, runsOf, type ComparedArm } from './arms.js';
import { DEFAULT_MARGIN, MINIMUM_BLOCKS } from './statistics/verdict.js';

export const OPERATIONS = ['upload', 'download'] as const;
export type OperationName = (typeof OPERATIONS)[number];

/** A real file with its known digest. */
export interface ExperimentFile {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** All that an experiment will do, fixed before its first measurement. */
export interface ExperimentPlan {
  readonly seed: number;
  readonly operations: readonly OperationName[];
  /** The first is the baseline. */
  readonly arms: readonly ComparedArm[];
  /** Generated objects, one cell per size and operation. */
  readonly sizesBytes: readonly number[];
  /** Moved four at a time as one cell per operation; empty: no such cell. */
  readonly files: readonly ExperimentFile[];
  /** Generated files of {@link SMALL_FILE_BYTES}, moved like `files`; 0: no such cell. */
  readonly smallFiles: number;
  readonly blocks: number;
  readonly warmupBlocks: number;
  /** No block starts after this; fewer blocks than planned are reported as that. Absent: no limit. */
  readonly budgetMs?: number;
  readonly margin: number;
  /** Name of the link for the report. */
  readonly profile: string;
  readonly transfer: Config['transfer'];
  /** Somebody else asks for a small object, again and again, while an arm is at work. */
  readonly smallRequestsBeside: boolean;
  /** Plain words on what was left out and why. */
  readonly notes: readonly string[];
}

export interface PlanOptions {
  readonly seed: number;
  readonly transfer: Config['transfer'];
  /** @defaultValue {@link DEFAULT_ARMS} */
  readonly arms?: readonly ComparedArm[];
  /** @defaultValue both */
  readonly operations?: readonly OperationName[];
  readonly files?: readonly ExperimentFile[];
  /** @defaultValue 0 */
  readonly smallFiles?: number;
  /** Plain words for the report. */
  readonly notes?: readonly string[];
  /** Absent: {@link DEFAULT_SIZES_BYTES}, without those that the link is too slow for. */
  readonly sizesBytes?: readonly number[];
  /** Absent: 24 within {@link DEFAULT_BUDGET_MS}. Present: no budget, all of them are run. */
  readonly blocks?: number;
  readonly budgetMs?: number;
  readonly warmupBlocks?: number;
  readonly margin?: number;
  /** @defaultValue `false` */
  readonly smallRequestsBeside?: boolean;
  /** The shaped link in front of the embedded server. Absent: a real endpoint, whose speed is not known. */
  readonly link?: LinkFacts;
}

const MIB = 1024 * 1024;
/** With the larger one ten blocks and some more fit the time limit on `same-region`: fewer decide nothing. */
export const DEFAULT_SIZES_BYTES: readonly number[] = [MIB, 12 * MIB];

/** Least and most of a small file; sizes are spread evenly over the powers between them, 46 KiB in the mean. */
export const SMALL_FILE_BYTES = [1024, 256 * 1024] as const;
const MAXIMUM_SMALL_FILES = 100_000;

/** 24 blocks use every order of the four runs once. */
export const DEFAULT_BLOCKS = 24;
export const QUICK_BLOCKS = 12;

/** One block is thrown away: code is compiled, caches and buffers have grown. */
const DEFAULT_WARMUP_BLOCKS = 1;

/** Leaves the rest of four minutes to start, preparation, clean-up and report. */
export const DEFAULT_BUDGET_MS = 210_000;

/** Most that is asked for, so that a slip of the keyboard does not run for a month. */
const MAXIMUM_BLOCKS = 1000;
const MAXIMUM_SIZE_BYTES = 5 * 1024 ** 4; // largest S3 object

/**
 * Makes the plan of a benchmark run.
 *
 * @throws Failure `usage` where sizes or blocks are impossible, or where there is nothing to move.
 */
export function createPlan(options: PlanOptions): ExperimentPlan {
  const blocks = options.blocks ?? DEFAULT_BLOCKS;
  const budgetMs = options.budgetMs ?? (options.blocks === undefined ? DEFAULT_BUDGET_MS : undefined);
  const arms = options.arms ?? DEFAULT_ARMS;
  const files = options.files ?? [];
  const smallFiles = options.smallFiles ?? 0;
  const fitted = fitSizes(options, files, budgetMs);
  checkPlan(blocks, fitted.sizesBytes, files.length + smallFiles);
  checkSmallFiles(smallFiles);
  return {
    seed: options.seed,
    operations: options.operations ?? OPERATIONS,
    arms,
    sizesBytes: fitted.sizesBytes,
    files,
    smallFiles,
    blocks,
    warmupBlocks: options.warmupBlocks ?? DEFAULT_WARMUP_BLOCKS,
    ...(budgetMs === undefined ? {} : { budgetMs }),
    margin: options.margin ?? DEFAULT_MARGIN,
    profile: options.link?.name ?? 'real endpoint',
    transfer: options.transfer,
    smallRequestsBeside: options.smallRequestsBeside ?? false,
    notes: [...fitted.notes, ...armNotes(arms), ...(options.notes ?? [])],
  };
}

/** The plan in words, printed before the first measurement. */
export function describePlan(plan: ExperimentPlan): string {
  const sizes = plan.sizesBytes.map(formatSize);
  const files = plan.files.length === 0 ? [] : [`${plan.files.length} real files`];
  if (plan.smallFiles > 0) files.push(`${plan.smallFiles} small files`);
  const budget =
    plan.budgetMs === undefined
      ? 'no time limit'
      : `no block starts after ${Math.round(plan.budgetMs / 1000)} s`;
  return (
    `${plan.operations.join(' and ')} of ${[...sizes, ...files].join(', ')}; ${plan.blocks} blocks of ` +
    `${runsOf(plan.arms).join(', ')} in balanced order, ${plan.warmupBlocks} more thrown away, ${budget}; seed ${plan.seed}`
  );
}

/** What a reader must know of arms that are not alike. */
function armNotes(arms: readonly ComparedArm[]): string[] {
  const programs = arms.filter(isProgram);
  if (programs.length === 0) return [];
  const warm = arms.filter((arm) => !isProgram(arm));
  const note = [`The time of ${programs.join(', ')} holds the start of the program, with its own defaults`];
  if (warm.length > 0) note.push(`${warm.join(', ')} run in a process that is started and loaded before`);
  if (warm.length > 0 && programs.includes('objectfs-cp'))
    note.push('objectfs-cp is the fair row against programs');
  return [note.join('; '), 'CPU time of programs is counted in ticks of 10 ms'];
}

/** Keeps the default sizes that leave room for enough blocks; sizes that the user asked for are all kept. */
function fitSizes(
  options: PlanOptions,
  files: readonly ExperimentFile[],
  budgetMs: number | undefined,
): { sizesBytes: readonly number[]; notes: readonly string[] } {
  const wanted = options.sizesBytes ?? DEFAULT_SIZES_BYTES;
  const { link } = options;
  if (options.sizesBytes !== undefined || budgetMs === undefined || link === undefined) {
    return { sizesBytes: wanted, notes: [] };
  }
  const perBlockMs = budgetMs / (MINIMUM_BLOCKS + DEFAULT_WARMUP_BLOCKS);
  const runs = runsOf(options.arms ?? DEFAULT_ARMS).length;
  let usedMs = ROUND_OVERHEAD_MS + files.reduce((sum, file) => sum + cellMs(link, file.sizeBytes, runs), 0);
  const fitting: number[] = [];
  for (const size of wanted) {
    usedMs += cellMs(link, size, runs);
    if (usedMs <= perBlockMs || fitting.length === 0) fitting.push(size);
  }
  const left = wanted.filter((size) => !fitting.includes(size)).map(formatSize);
  const notes =
    left.length === 0
      ? []
      : [`${left.join(', ')} left out: too slow on ${link.name} for the time limit; ask for it with --sizes`];
  return { sizesBytes: fitting, notes };
}

/** Start of four processes and comparison of bytes, on two cores. */
const ROUND_OVERHEAD_MS = 4500;

/** What one object costs in one block, both ways: one run may be faster than a single connection. */
function cellMs(link: LinkFacts, sizeBytes: number, runs: number): number {
  const mostForLoss = lossCeiling(link);
  const { connectionUpBytesPerSecond, totalUpBytesPerSecond } = link;
  const { connectionDownBytesPerSecond, totalDownBytesPerSecond } = link;
  const up = Math.min(connectionUpBytesPerSecond ?? Infinity, totalUpBytesPerSecond ?? Infinity, mostForLoss);
  const down = Math.min(
    connectionDownBytesPerSecond ?? Infinity,
    totalDownBytesPerSecond ?? Infinity,
    mostForLoss,
  );
  const waitMs = link.roundTripMs + link.requestOverheadMs;
  return runs * 2 * waitMs + (runs - 0.8) * 1000 * (sizeBytes / up + sizeBytes / down);
}

/** Payload of a TCP segment in an Ethernet frame: 1500 - 40 bytes. */
const SEGMENT_BYTES = 1460;

/**
 * Bytes per second of a long connection that loses segments: the average window of CUBIC, and of Reno where that is
 * larger (RFC 9438 section 5.1).
 */
function lossCeiling({ roundTripMs, lossRatio }: LinkFacts): number {
  if (lossRatio === undefined || lossRatio === 0 || roundTripMs === 0) return Infinity;
  const roundTripS = roundTripMs / 1000;
  const cubicSegments = 1.054 * (roundTripS / lossRatio) ** 0.75;
  const renoSegments = 1.2 / Math.sqrt(lossRatio);
  return (Math.max(cubicSegments, renoSegments) * SEGMENT_BYTES) / roundTripS;
}

function checkPlan(blocks: number, sizesBytes: readonly number[], files: number): void {
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > MAXIMUM_BLOCKS) {
    throw usageError(`${blocks} is no possible count of blocks`, `Ask for 1 to ${MAXIMUM_BLOCKS} blocks`);
  }
  const impossible = sizesBytes.find(
    (size) => !Number.isSafeInteger(size) || size < 1 || size > MAXIMUM_SIZE_BYTES,
  );
  if (impossible !== undefined) {
    throw usageError(`${impossible} bytes is no possible object size`, 'Give sizes from 1 byte to 5 TiB');
  }
  if (sizesBytes.length === 0 && files === 0) {
    throw usageError(
      'There is nothing to move',
      'Give sizes, such as --sizes 1MiB,16MiB, or files with --data',
    );
  }
}

function checkSmallFiles(count: number): void {
  if (Number.isInteger(count) && count >= 0 && count <= MAXIMUM_SMALL_FILES) return;
  throw usageError(
    `--small-files takes a whole number up to ${MAXIMUM_SMALL_FILES}, not ${count}`,
    'Give 1000, for instance',
  );
}
