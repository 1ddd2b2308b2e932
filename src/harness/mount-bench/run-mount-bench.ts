import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runBlocks, type BlockExperiment } from '../../bench/blocks.js';
import { analyzeMounts, describeMountExperiment } from '../../bench/mounts/analyze.js';
import type { MountOutcome } from '../../bench/mounts/outcome.js';
import {
  againName,
  armsOf,
  createMountPlan,
  describeMountPlan,
  LOCAL,
  type MountPlan,
} from '../../bench/mounts/plan.js';
import type { Workload } from '../../bench/mounts/workloads.js';
import type { Config } from '../../config/schema.js';
import { Failure, usageError } from '../../errors/failure.js';
import type { Log } from '../../log/log.js';
import type { Progress } from '../../log/progress.js';
import type { Cleanup, MountBench, RunReport } from '../../report/model.js';
import { createBucketAdmin } from '../../s3/admin.js';
import { factsOf, type Invocation, type RunOutcome } from '../assemble-report.js';
import type { Endpoint, EndpointWish } from '../endpoint-wish.js';
import { Ledger } from '../ledger.js';
import { type RunScope } from '../run-scope.js';
import { directoryTarget } from '../targets/directory.js';
import { selectTarget } from '../targets/select.js';
import type { TargetDriver } from '../targets/target.js';
import { judgeMounts } from '../verdict.js';
import { BenchTarget } from './bench-target.js';
import { Measurer } from './measure.js';
import { reportedRun, withEndpoint } from '../reported-run.js';

export interface MountBenchPlan {
  readonly wish: EndpointWish;
  readonly seed: number;
  readonly config: Config;
  /** Names of targets with commas between; the first is compared with each other one. */
  readonly mounts: string;
  readonly workloads?: string;
  readonly blocks?: number;
  readonly warmupBlocks?: number;
  readonly invocation: Invocation;
}

/** A target by the name that it has in the plan. */
interface NamedDriver {
  readonly arm: string;
  readonly driver: TargetDriver;
}

interface Job {
  readonly plan: MountPlan;
  readonly config: Config;
  readonly drivers: readonly NamedDriver[];
  readonly scope: RunScope;
  readonly progress: Progress;
  readonly log: Log;
}

/**
 * The work of `objectfs bench --mounts`: mounts each target on a bucket of its own, runs the workloads on all of them
 * in interleaved blocks, compares every result, and removes all of it again.
 *
 * @throws Failure `usage` for unknown or absent targets and impossible wishes, before anything is made; the signal's
 * reason when it fires, after the clean-up.
 */
export async function runMountBench(
  wanted: MountBenchPlan,
  signal: AbortSignal,
  progress: Progress,
  log: Log,
  ledger: Ledger = new Ledger(),
): Promise<RunReport> {
  const plan = createMountPlan(wanted);
  const drivers: NamedDriver[] = [];
  for (const arm of plan.targets) {
    const driver = await selectTarget(arm, wanted.invocation.version);
    if (driver.given !== undefined) {
      throw usageError(
        `${arm} can not be mounted again for a cold start`,
        'Name targets that the bench starts itself',
      );
    }
    drivers.push({ arm, driver });
  }
  const { config, wish } = wanted;
  return reportedRun(wanted, { ledger, progress }, (scope) =>
    withEndpoint(scope, { wish }, signal, (endpoint) =>
      measureOn({ plan, config, drivers, scope, progress, log }, endpoint, signal),
    ),
  );
}

async function measureOn(job: Job, endpoint: Endpoint, signal: AbortSignal): Promise<RunOutcome> {
  const cleanup: Cleanup[] = [];
  const mounts = await measure(job, endpoint, cleanup, signal);
  return {
    ...judgeMounts(mounts, cleanup),
    ...factsOf(endpoint),
    suites: [],
    bench: [],
    mounts,
    requests: await endpoint.requestCounts(),
    cleanup,
  };
}

async function measure(
  job: Job,
  endpoint: Endpoint,
  cleanup: Cleanup[],
  signal: AbortSignal,
): Promise<MountBench> {
  const { plan, scope, progress, log } = job;
  const admin = createBucketAdmin(endpoint.connection, { log });
  const targets = new Map<string, BenchTarget>();
  const place = { scope, endpoint, admin, config: job.config, log };
  try {
    progress.note(describeMountPlan(plan));
    for (const { arm, driver } of [...job.drivers, ...(await localReference(job))]) {
      progress.note(`${arm}: ${driver.version}`);
      targets.set(arm, await BenchTarget.open(arm, driver, place, cleanup, signal));
    }
    return await measureBlocks(job, endpoint, targets, signal);
  } finally {
    progress.end();
    for (const target of targets.values()) await target.close(cleanup);
    admin.close();
  }
}

async function localReference({ plan, scope }: Job): Promise<NamedDriver[]> {
  if (!plan.workloads.some((workload) => armsOf(plan, workload).includes(LOCAL))) return [];
  const folder = join(scope.folder, 'local-reference');
  await mkdir(folder);
  return [{ arm: LOCAL, driver: await directoryTarget(folder) }];
}

async function measureBlocks(
  job: Job,
  endpoint: Endpoint,
  targets: ReadonlyMap<string, BenchTarget>,
  signal: AbortSignal,
): Promise<MountBench> {
  const { plan, scope, progress, log } = job;
  const localFolder = join(scope.folder, 'sources');
  await mkdir(localFolder);
  const measurer = new Measurer({ endpoint, seed: plan.seed, localFolder, signal, log });
  const measured = await runBlocks(experimentOf(plan, targets, measurer), progress);
  const cells = analyzeMounts(plan, measured);
  return {
    profile: endpoint.simulated?.profile.name ?? 'real endpoint',
    targets: job.drivers.map(({ arm, driver }) => ({
      target: arm,
      version: driver.version,
      quirks: [...driver.quirks],
    })),
    experiment: describeMountExperiment(plan, cells),
    cells,
  };
}

function experimentOf(
  plan: MountPlan,
  targets: ReadonlyMap<string, BenchTarget>,
  measurer: Measurer,
): BlockExperiment<Workload, string, MountOutcome> {
  const targetOf = (arm: string): BenchTarget => {
    const target = targets.get(arm === againName(plan) ? (plan.targets[0] ?? '') : arm);
    if (target === undefined) throw new Failure('internal', `The target ${arm} was not started`);
    return target;
  };
  return {
    schedule: plan,
    cells: plan.workloads,
    armsOf: (workload) => armsOf(plan, workload),
    startRound: () =>
      Promise.resolve({
        run: (arm, workload, block, order) => measurer.run({ target: targetOf(arm), workload, block, order }),
        stop: () => measurer.stop(),
      }),
    isAlarming: (outcome) => outcome.kind === 'failed' || !outcome.sample.verified,
    describe: (workload) => workload.label,
    title: 'Workloads',
  };
}
