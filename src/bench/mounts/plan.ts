import { usageError } from '../../errors/failure.js';
import type { BlockSchedule } from '../blocks.js';
import { DEFAULT_MARGIN } from '../statistics/verdict.js';
import { parseWorkloads, type Workload } from './workloads.js';

/** What beside the targets can be an arm: the first target again, and a directory of the local disk. */
export const LOCAL = 'local';

/** All that a bench through mounts will do, fixed before its first measurement. */
export interface MountPlan extends BlockSchedule {
  /** Names of targets; the first is compared with each other one. */
  readonly targets: readonly string[];
  readonly workloads: readonly Workload[];
  readonly margin: number;
}

export interface MountPlanOptions {
  readonly seed: number;
  /** `objectfs,s3fs`. */
  readonly mounts: string;
  /** See `parseWorkloads`. */
  readonly workloads?: string;
  /** Absent: {@link DEFAULT_MOUNT_BLOCKS} within {@link MOUNT_BUDGET_MS}. Present: all of them, without a limit. */
  readonly blocks?: number;
  /** @defaultValue 1: code is compiled, caches and fixtures are there. */
  readonly warmupBlocks?: number;
}

/** What a verdict needs, with two to spare. */
export const DEFAULT_MOUNT_BLOCKS = 12;

/** Mounts are slow: a block of all workloads takes minutes on some. */
export const MOUNT_BUDGET_MS = 900_000;

const MOST_BLOCKS = 1000;

/** @throws Failure `usage` where targets, workloads or blocks are impossible. */
export function createMountPlan(options: MountPlanOptions): MountPlan {
  const targets = options.mounts.split(',').map((name) => name.trim());
  const twice = targets.find((name, index) => targets.indexOf(name) !== index);
  if (targets.includes('')) throw usageError('A name in --mounts is empty', 'Write --mounts objectfs,s3fs');
  if (twice !== undefined) throw usageError(`The target ${twice} is named twice`, 'Name it once', twice);
  const { blocks } = options;
  if (blocks !== undefined && (!Number.isInteger(blocks) || blocks < 1 || blocks > MOST_BLOCKS)) {
    throw usageError(`${blocks} is no possible count of blocks`, `Ask for 1 to ${MOST_BLOCKS} blocks`);
  }
  return {
    seed: options.seed,
    targets,
    workloads: parseWorkloads(options.workloads),
    blocks: blocks ?? DEFAULT_MOUNT_BLOCKS,
    warmupBlocks: options.warmupBlocks ?? 1,
    ...(blocks === undefined ? { budgetMs: MOUNT_BUDGET_MS } : {}),
    margin: DEFAULT_MARGIN,
  };
}

/** The A/A control: the first target a second time in each block. */
export function againName(plan: Pick<MountPlan, 'targets'>): string {
  return `${plan.targets[0] ?? ''} again`;
}

/** The arms of a workload, in the order of reports. */
export function armsOf(plan: MountPlan, workload: Workload): readonly string[] {
  const isLocalNamed = plan.targets.some((name) => name.startsWith('dir:'));
  const local = workload.hasLocalReference && !isLocalNamed ? [LOCAL] : [];
  return [...plan.targets, againName(plan), ...local];
}

/** The plan in words, printed before the first measurement. */
export function describeMountPlan(plan: MountPlan): string {
  const budget =
    plan.budgetMs === undefined
      ? 'no time limit'
      : `no block starts after ${Math.round(plan.budgetMs / 1000)} s`;
  return (
    `${plan.workloads.map(({ id, amount }) => `${id}:${amount}`).join(', ')} on ${plan.targets.join(', ')} ` +
    `and ${againName(plan)}; ${plan.blocks} blocks in balanced order, ${plan.warmupBlocks} more thrown away, ` +
    `${budget}; seed ${plan.seed}`
  );
}
