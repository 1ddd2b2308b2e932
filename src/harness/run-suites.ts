import type { Config } from '../config/schema.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import {
  SCHEMA_VERSION,
  type Cleanup,
  type RequestCount,
  type RunReport,
  type SuiteResult,
} from '../report/model.js';
import type { EndpointWish } from './endpoint-wish.js';
import { startEnvironmentProbe } from './environment.js';
import { selectSuites } from './find-suites.js';
import { loadFixtures } from './fixtures.js';
import { Ledger } from './ledger.js';
import { openRun } from './run-scope.js';
import { runOnTarget, type SuiteTools } from './suite-tools.js';
import { selectTarget } from './targets/select.js';
import type { TargetDriver } from './targets/target.js';
import { judgeSuites } from './verdict.js';

/** How a run was called, for its report. */
export interface Invocation {
  /** The command line, secrets left out. */
  readonly command: string;
  /** Of this package. */
  readonly version: string;
}

export interface SuitePlan {
  /** Names of suites, or `all`. */
  readonly suites: readonly string[];
  /** `objectfs` or `dir:PATH`. */
  readonly target: string;
  readonly wish: EndpointWish;
  readonly seed: number;
  readonly config: Config;
  readonly invocation: Invocation;
}

/** What the suites of a run brought. */
export interface SuitesOutcome {
  readonly suites: SuiteResult[];
  readonly cleanup: Cleanup[];
  readonly requests: RequestCount[];
  readonly endpoint: string;
  readonly server: string;
  readonly simulated?: NonNullable<RunReport['simulated']>;
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
  const driver = await selectTarget(plan.target);
  const fixtures = await loadFixtures();
  const probe = await startEnvironmentProbe();
  const scope = await openRun(ledger);
  try {
    const tools: SuiteTools = { scope, config: plan.config, seed: plan.seed, fixtures, progress, log };
    const outcome = await runOnDirectory(tools, suites, driver, signal);
    const { verdict, reasons } = judgeSuites(outcome.suites, outcome.cleanup);
    return {
      schemaVersion: SCHEMA_VERSION,
      run: {
        id: scope.runId,
        ...plan.invocation,
        startedAt: new Date(scope.startedAtMs).toISOString(),
        finishedAt: new Date().toISOString(),
        seed: plan.seed,
      },
      verdict,
      reasons,
      ...(outcome.simulated === undefined ? {} : { simulated: outcome.simulated }),
      environment: await probe.finish(outcome.endpoint, outcome.server),
      suites: outcome.suites,
      bench: [],
      requests: outcome.requests,
      cleanup: outcome.cleanup,
    };
  } finally {
    progress.end();
    await scope.close();
  }
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
