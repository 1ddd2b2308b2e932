import type { Config } from '../config/schema.js';
import { Failure } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import type { RunReport, SuiteResult } from '../report/model.js';
import {
  applyBaseline,
  DEFAULT_BASELINES,
  readBaseline,
  updatedBaseline,
  writeBaseline,
  type Baseline,
} from './baseline.js';
import { openEndpoint } from './endpoint.js';
import type { EndpointWish } from './endpoint-wish.js';
import { startEnvironmentProbe } from './environment.js';
import { selectSuites } from './find-suites.js';
import { loadFixtures } from './fixtures.js';
import { assembleReport, factsOf, type Invocation, type RunOutcome } from './assemble-report.js';
import { Ledger } from './ledger.js';
import { closeAndTell, openRun } from './run-scope.js';
import { runOnEndpoint } from './suites-on-endpoint.js';
import { runOnTarget, type SuiteTools } from './suite-tools.js';
import { selectTarget } from './targets/select.js';
import type { TargetDriver } from './targets/target.js';
import { judgeSuites } from './verdict.js';

type SuitesOutcome = Omit<RunOutcome, 'bench' | 'verdict' | 'reasons'>;

export interface SuitePlan {
  /** Names of suites, or `all`. */
  readonly suites: readonly string[];
  /** `objectfs` or `dir:PATH`. */
  readonly target: string;
  readonly wish: EndpointWish;
  readonly seed: number;
  readonly config: Config;
  readonly invocation: Invocation;
  /** Folder of known results. @defaultValue `baselines/` of this package */
  readonly baselines?: string;
  /** Writes the results down as the known ones, and judges them as they are. */
  readonly updateBaseline?: boolean;
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
  const suites = await selectSuites(plan.suites);
  const driver = await selectTarget(plan.target, plan.invocation.version);
  const known = driver.needsStore
    ? await readBaseline(plan.baselines ?? DEFAULT_BASELINES, driver.name, driver.version)
    : undefined;
  const fixtures = await loadFixtures();
  const probe = await startEnvironmentProbe();
  const scope = await openRun(ledger);
  try {
    const tools: SuiteTools = { scope, config: plan.config, seed: plan.seed, fixtures, progress, log };
    const outcome = driver.needsStore
      ? await openAndRun(tools, suites, driver, plan.wish, signal)
      : await runOnDirectory(tools, suites, driver, signal);
    const results = await compareWithKnown(plan, driver, known, outcome.suites, progress);
    return await assembleReport(scope, plan, probe, {
      ...outcome,
      suites: results,
      ...judgeSuites(results, outcome.cleanup),
      bench: [],
    });
  } finally {
    await closeAndTell(scope, progress);
  }
}

/** A plain directory has no known results: there everything has to pass. */
async function compareWithKnown(
  plan: SuitePlan,
  driver: TargetDriver,
  known: Baseline | undefined,
  results: SuiteResult[],
  progress: Progress,
): Promise<SuiteResult[]> {
  if (!driver.needsStore) return results;
  if (plan.updateBaseline === true) {
    try {
      const baseline = updatedBaseline(known, driver, results);
      progress.note(`Known results: ${await writeBaseline(plan.baselines ?? DEFAULT_BASELINES, baseline)}`);
    } catch (reason) {
      // The report is worth more than the list; a broken case fails the run by itself.
      progress.note(Failure.from(reason).toLine());
    }
    return results;
  }
  return known === undefined ? results : results.map((result) => applyBaseline(result, known));
}

async function runOnDirectory(
  tools: SuiteTools,
  suites: readonly string[],
  driver: TargetDriver,
  signal: AbortSignal,
): Promise<SuitesOutcome> {
  const results: SuiteResult[] = [];
  for (const suite of suites) {
    results.push(await runOnTarget(tools, { suite, driver, control: false }, signal));
  }
  return { suites: results, cleanup: [], requests: [], endpoint: 'none', server: 'none' };
}

async function openAndRun(
  tools: SuiteTools,
  suites: readonly string[],
  driver: TargetDriver,
  wish: EndpointWish,
  signal: AbortSignal,
): Promise<SuitesOutcome> {
  const endpoint = await openEndpoint(wish, signal);
  try {
    if (endpoint.pid !== undefined) await tools.scope.record.emulator(endpoint.pid);
    const results = await runOnEndpoint(tools, suites, driver, endpoint, signal);
    return {
      ...results,
      requests: await endpoint.requestCounts(),
      ...factsOf(endpoint),
    };
  } finally {
    await endpoint.close();
  }
}
