import { describeExperiment } from '../bench/analyze.js';
import { isProgram, type ComparedArm } from '../bench/arms.js';
import { findPrograms } from '../bench/programs/installed.js';
import { createPlan, type ExperimentPlan } from '../bench/plan.js';
import type { Config } from '../config/schema.js';
import { profileForRegion } from '../emulator/link/profiles.js';
import type { LinkProfile } from '../emulator/link/profile.js';
import { usageError } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import type { Cleanup, LinkFacts, RunReport } from '../report/model.js';
import type { FixtureFile } from './api/case.js';
import { factsOf, type Invocation, type RunOutcome } from './assemble-report.js';
import type { Endpoint, EndpointWish } from './endpoint-wish.js';
import { loadFixtures, scanData } from './fixtures.js';
import { Ledger } from './ledger.js';
import { measureOn } from './measure-experiment.js';
import { type RunScope } from './run-scope.js';
import { judgeBench } from './verdict.js';
import { reportedRun, withEndpoint } from './reported-run.js';

export interface BenchPlan {
  readonly wish: EndpointWish;
  readonly seed: number;
  readonly config: Config;
  /** The user's own files. Absent: the fixtures of the package. */
  readonly dataDir?: string;
  /** Sizes of generated objects. Absent: those that fit the link and the time limit. */
  readonly sizesBytes?: readonly number[];
  /** So many generated small files in place of real ones. */
  readonly smallFiles?: number;
  /** Absent: plain, sdk and optimized. */
  readonly arms?: readonly ComparedArm[];
  /** Absent: as many as fit the time limit. */
  readonly blocks?: number;
  readonly invocation: Invocation;
}

/** The plain answer to "how fast is S3": a client in the region of its bucket. */
const DEFAULT_LINK: LinkProfile = profileForRegion('us-east-1');

/**
 * The work of `objectfs bench`: opens the endpoint, makes a bucket, moves real files and generated objects by each
 * arm, verifies every byte, and removes all of it again.
 *
 * @throws Failure `usage` for impossible sizes and blocks and an unusable data folder, before anything is made; the
 * signal's reason when it fires, after the clean-up.
 */
export async function runBench(
  plan: BenchPlan,
  signal: AbortSignal,
  progress: Progress,
  log: Log,
  ledger: Ledger = new Ledger(),
): Promise<RunReport> {
  const programs = await findPrograms(plan.arms ?? []);
  const files = await filesOf(plan, signal);
  // Impossible wishes are told before anything is started.
  experimentFor({ plan, files, programs }, undefined);
  const { wish } = plan;
  return reportedRun(plan, { ledger, progress }, (scope) =>
    withEndpoint(scope, { wish, defaultLink: DEFAULT_LINK }, signal, (endpoint) =>
      measure({ plan, files, programs, scope, progress, log }, endpoint, signal),
    ),
  );
}

/** What an experiment is planned from. */
interface BenchInputs {
  readonly plan: BenchPlan;
  readonly files: readonly FixtureFile[];
  /** Versions of the outside programs among the arms. */
  readonly programs: readonly string[];
}

interface BenchJob extends BenchInputs {
  readonly scope: RunScope;
  readonly progress: Progress;
  readonly log: Log;
}

async function measure(job: BenchJob, endpoint: Endpoint, signal: AbortSignal): Promise<RunOutcome> {
  const cleanup: Cleanup[] = [];
  const experiment = experimentFor(job, endpoint.simulated?.profile);
  const bench = await measureOn(job, endpoint, { name: 'bench', experiment, cleanup }, signal);
  return {
    ...judgeBench(bench, cleanup),
    ...factsOf(endpoint),
    suites: [],
    bench,
    experiment: describeExperiment(experiment, bench),
    requests: await endpoint.requestCounts(),
    cleanup,
  };
}

/** One program per file would measure how fast programs start, and each copies folders in a way of its own. */
async function filesOf(
  { arms, dataDir, smallFiles }: BenchPlan,
  signal: AbortSignal,
): Promise<readonly FixtureFile[]> {
  if (arms?.some(isProgram) === true) {
    if (dataDir === undefined && smallFiles === undefined) return [];
    throw usageError(
      `--${dataDir === undefined ? 'small-files' : 'data'} has no effect with programs among --arms`,
      'Use --sizes: they move single objects',
    );
  }
  if (smallFiles !== undefined) {
    if (dataDir === undefined) return [];
    throw usageError('--data and --small-files are both files to move', 'Give one of them');
  }
  return dataDir === undefined ? loadFixtures() : scanData(dataDir, signal);
}

function experimentFor({ plan, files, programs }: BenchInputs, link: LinkFacts | undefined): ExperimentPlan {
  return createPlan({
    seed: plan.seed,
    transfer: plan.config.transfer,
    files,
    notes: programs.length === 0 ? [] : [`Versions: ${programs.join(', ')}`],
    ...(plan.arms === undefined ? {} : { arms: plan.arms }),
    ...(plan.sizesBytes === undefined ? {} : { sizesBytes: plan.sizesBytes }),
    ...(plan.blocks === undefined ? {} : { blocks: plan.blocks }),
    ...(plan.smallFiles === undefined ? {} : { smallFiles: plan.smallFiles }),
    ...(link === undefined ? {} : { link }),
  });
}
