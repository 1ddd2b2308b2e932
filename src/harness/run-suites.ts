import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { Failure, usageError } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import type { RunReport, SuiteResult } from '../report/model.js';
import { reportFolder } from '../report/folder.js';
import {
  applyBaseline,
  brokenCase,
  DEFAULT_BASELINES,
  readBaseline,
  updatedBaseline,
  writeBaseline,
  type Baseline,
} from './baseline.js';
import { chooseExternal } from './external/choose.js';
import type { ExternalWish } from './external/wish.js';
import type { EndpointWish } from './endpoint-wish.js';
import { keepDaemonLogs } from './daemon-logs.js';
import { loadFixtures } from './fixtures.js';
import { factsOf, type Invocation, type RunOutcome } from './assemble-report.js';
import { Ledger } from './ledger.js';
import { DEFAULT_OPERATIONS } from './api/model.js';
import { likeTreeOf, withoutLikeCase } from './like-tree.js';
import { REPLAY } from './model-suite.js';
import type { Selection } from './selection.js';
import { chooseSuites, type ChosenSuite } from './suite-choice.js';
import { runOnEndpoint } from './suites-on-endpoint.js';
import { runOnTarget, type SuiteTools } from './suite-tools.js';
import { selectTarget } from './targets/select.js';
import type { TargetDriver } from './targets/target.js';
import { judgeSuites } from './verdict.js';
import { reportedRun, withEndpoint } from './reported-run.js';

type SuitesOutcome = Omit<RunOutcome, 'bench' | 'verdict' | 'reasons'>;

export interface SuitePlan {
  /** Names of suites, or `all`. */
  readonly suites: readonly string[];
  /** `objectfs` or `dir:PATH`. */
  readonly target: string;
  /** @defaultValue every case of the tier `full` */
  readonly selection?: Selection;
  readonly wish: EndpointWish;
  readonly seed: number;
  readonly config: Config;
  readonly invocation: Invocation;
  /** Folder of known results. @defaultValue `baselines/` of this package */
  readonly baselines?: string;
  /** Writes the results down as the known ones, and judges them as they are. */
  readonly updateBaseline?: boolean;
  /** Folder of the report. @defaultValue `reports/<run>` */
  readonly out?: string;
  /** Steps of the suite `model`. @defaultValue {@link DEFAULT_OPERATIONS} */
  readonly operations?: number;
  /** The suite `model` runs this program alone; known results do not matter. */
  readonly replayFile?: string;
  /** The suite `integrity` replays names and sizes of this folder. */
  readonly like?: string;
  /** This outside suite is run, and nothing else. */
  readonly external?: ExternalWish;
}

/**
 * The work of `objectfs suite`: opens the endpoint, makes a bucket for each suite, starts the target on it, runs the
 * cases, and removes all of it again. Everything that it makes stands in the ledger first.
 *
 * @throws Failure `usage` for unknown names and unusable paths, before anything is made; the signal's reason when it
 * fires, after the clean-up.
 */
export async function runSuites(
  plan: SuitePlan,
  signal: AbortSignal,
  progress: Progress,
  log: Log,
  ledger: Ledger = new Ledger(),
): Promise<RunReport> {
  refusePartialBaseline(plan);
  const chosen = await suitesOf(plan);
  const like = await likeOf(plan, chosen, signal);
  const suites = plan.like === undefined ? withoutLikeCase(chosen) : chosen;
  const driver = await selectTarget(plan.target, plan.invocation.version);
  const known =
    driver.needsStore && plan.replayFile === undefined
      ? await readBaseline(plan.baselines ?? DEFAULT_BASELINES, driver.name, driver.version)
      : undefined;
  const fixtures = await loadFixtures();
  return reportedRun(plan, { ledger, progress }, async (scope) => {
    const { config, seed } = plan;
    const tools = { scope, config, seed, fixtures, progress, log, ...like, ...writesOf(plan, scope.runId) };
    const outcome = driver.needsStore
      ? await openAndRun(tools, suites, driver, plan.wish, signal)
      : await runOnDirectory(tools, suites, driver, signal);
    const results = await compareWithKnown({ ...plan, suites }, driver, known, outcome.suites, progress);
    await keepDaemonLogs(scope.folder, reportFolder(scope.runId, plan.out));
    return { ...outcome, suites: results, ...judgeSuites(results, outcome.cleanup), bench: [] };
  });
}

/** What a run leaves beside its report, and where. */
function writesOf(
  { out, operations = DEFAULT_OPERATIONS, replayFile }: SuitePlan,
  runId: string,
): Pick<SuiteTools, 'model' | 'hangFolder'> {
  const folder = reportFolder(runId, out);
  const replays = { replayFolder: join(folder, 'replays'), ...(replayFile !== undefined && { replayFile }) };
  const model = { operations, ...replays };
  return { model, hangFolder: join(folder, 'hangs') };
}

function suitesOf({
  replayFile,
  external,
  suites,
  seed,
  selection = {},
}: SuitePlan): Promise<readonly ChosenSuite[]> {
  if (replayFile !== undefined) return Promise.resolve([REPLAY]);
  if (external !== undefined) return chooseExternal(external, seed, selection).then((suite) => [suite]);
  return chooseSuites(suites, selection);
}

async function likeOf(
  { like, selection }: SuitePlan,
  suites: readonly ChosenSuite[],
  signal: AbortSignal,
): Promise<Pick<SuiteTools, 'like'>> {
  if (like === undefined) return {};
  return { like: await likeTreeOf(like, suites, selection?.shard !== undefined, signal) };
}

/** A list of known results that lacks what was not run would call it vanished. */
function refusePartialBaseline({ updateBaseline, selection }: SuitePlan): void {
  if (updateBaseline !== true) return;
  if (selection?.filter === undefined && selection?.shard === undefined && selection?.tier !== 'quick')
    return;
  throw usageError(
    'A part of the cases can not become the known results',
    'Leave out --filter, --shard and --tier quick, or --update-baseline',
  );
}

/** A plain directory has no known results: there everything has to pass. */
async function compareWithKnown(
  plan: Omit<SuitePlan, 'suites'> & { readonly suites: readonly ChosenSuite[] },
  driver: TargetDriver,
  known: Baseline | undefined,
  results: SuiteResult[],
  progress: Progress,
): Promise<SuiteResult[]> {
  if (!driver.needsStore) return results;
  if (plan.updateBaseline === true) {
    for (const result of results) {
      const broken = brokenCase(result);
      if (broken !== undefined)
        progress.note(`Known results of ${result.suite} stay as they were: ${broken.id} is broken`);
    }
    try {
      const baseline = updatedBaseline(known, driver, results);
      progress.note(`Known results: ${await writeBaseline(plan.baselines ?? DEFAULT_BASELINES, baseline)}`);
    } catch (reason) {
      // The report is worth more than the list.
      progress.note(Failure.from(reason).toLine());
    }
    return results;
  }
  if (known === undefined) return results;
  return results.map((result) => {
    const chosen = plan.suites.find(({ suite }) => suite === result.suite);
    return applyBaseline(result, known, chosen?.leftOut);
  });
}

async function runOnDirectory(
  tools: SuiteTools,
  suites: readonly ChosenSuite[],
  driver: TargetDriver,
  signal: AbortSignal,
): Promise<SuitesOutcome> {
  const results: SuiteResult[] = [];
  for (const suite of suites) {
    const probe = results.length === 0;
    results.push(await runOnTarget(tools, { suite, driver, control: false, probe }, signal));
  }
  return { suites: results, cleanup: [], requests: [], endpoint: 'none', server: 'none' };
}

function openAndRun(
  tools: SuiteTools,
  suites: readonly ChosenSuite[],
  driver: TargetDriver,
  wish: EndpointWish,
  signal: AbortSignal,
): Promise<SuitesOutcome> {
  return withEndpoint(tools.scope, { wish }, signal, async (endpoint) => ({
    ...(await runOnEndpoint(tools, suites, driver, { endpoint, wish }, signal)),
    ...factsOf(endpoint),
  }));
}
