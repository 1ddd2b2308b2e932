import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cleanup, SuiteResult } from '../report/model.js';
import { silentProgress } from '../log/progress.js';
import { countsBetween, withPrice } from '../report/prices.js';
import { Failure } from '../errors/failure.js';
import { createBucketAdmin, type BucketAdmin } from '../s3/admin.js';
import type { UnmetNeed } from './api/protocol.js';
import { provisionBucket } from './buckets.js';
import type { Endpoint } from './endpoint-wish.js';
import { unmetByEndpoint } from './endpoint-needs.js';
import { brokenSuite } from './broken-suite.js';
import type { ChosenSuite } from './suite-choice.js';
import { runOnTarget, type SuiteTools } from './suite-tools.js';
import { directoryTarget } from './targets/directory.js';
import { proveTarget } from './targets/proof.js';
import type { GivenBucket, RunningTarget, TargetDriver } from './targets/target.js';

/** The suite whose cases a plain local directory must pass before their verdict on a mount counts. */
const CONTROLLED_SUITE = 'posix';

export interface EndpointResults {
  readonly suites: SuiteResult[];
  readonly cleanup: Cleanup[];
}

/**
 * Runs suites on a target with a bucket of its own for each. A target that can not be started ends the run where it
 * was the first suite, and is a broken suite later: what is known by then is not thrown away.
 */
export async function runOnEndpoint(
  tools: SuiteTools,
  suites: readonly ChosenSuite[],
  driver: TargetDriver,
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<EndpointResults> {
  const results: EndpointResults = { suites: [], cleanup: [] };
  const admin = createBucketAdmin(endpoint.connection, { log: tools.log });
  const control = controlBeside(tools, suites, signal);
  try {
    let isProven = false;
    for (const suite of suites) {
      try {
        results.suites.push(
          await runWithBucket(
            { tools, suite, driver, endpoint, admin, probe: !isProven },
            results.cleanup,
            signal,
          ),
        );
        isProven = true;
      } catch (reason) {
        if (!isProven) throw reason;
        signal.throwIfAborted();
        results.suites.push(brokenSuite(suite.suite, driver.name, reason));
      }
    }
    return { ...results, suites: [...(await control.results()), ...results.suites] };
  } finally {
    await control.end();
    admin.close();
  }
}

interface ControlBeside {
  /** One, or none where no suite has a control. */
  results(): Promise<readonly SuiteResult[]>;
  /** Given up where it still runs. */
  end(): Promise<void>;
}

/** The control takes a core that the target and its server leave free, so it runs beside the suites. */
function controlBeside(
  tools: SuiteTools,
  suites: readonly ChosenSuite[],
  signal: AbortSignal,
): ControlBeside {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const quiet = { ...tools, progress: silentProgress };
  const controlled = suites.filter(({ suite }) => suite === CONTROLLED_SUITE);
  const running = Promise.all(controlled.map((suite) => runControl(quiet, suite, either)));
  running.catch(() => undefined); // told by `results`
  return {
    results: () => running,
    end: async () => {
      stop.abort(new Failure('cancelled', 'The control is given up with its run'));
      await running.catch(() => undefined);
    },
  };
}

async function runControl(tools: SuiteTools, suite: ChosenSuite, signal: AbortSignal): Promise<SuiteResult> {
  const folder = join(tools.scope.folder, 'control');
  await mkdir(folder, { mode: 0o711 });
  return runOnTarget(tools, { suite, driver: await directoryTarget(folder), control: true }, signal);
}

interface BucketJob {
  readonly tools: SuiteTools;
  readonly suite: ChosenSuite;
  readonly driver: TargetDriver;
  readonly endpoint: Endpoint;
  readonly admin: BucketAdmin;
  /** One profile for all suites of a run: the first one compares it. */
  readonly probe: boolean;
}

async function runWithBucket(job: BucketJob, cleanup: Cleanup[], signal: AbortSignal): Promise<SuiteResult> {
  const { tools, suite, driver, endpoint, admin } = job;
  if (driver.given !== undefined) return runInBucket(job, driver.given, signal);
  const bucket = await provisionBucket(tools.scope, endpoint, admin, suite.suite, signal);
  try {
    return await runInBucket(job, { bucket: bucket.name, prefix: '' }, signal);
  } finally {
    cleanup.push(await bucket.remove());
  }
}

async function runInBucket(job: BucketJob, place: GivenBucket, signal: AbortSignal): Promise<SuiteResult> {
  const { tools, suite, driver, endpoint, probe } = job;
  const store = { connection: endpoint.connection, ...place };
  const prove = (session: { readonly target: RunningTarget }) =>
    proveTarget(session.target, store, { ownFormat: driver.ownFormat === true, signal });
  const unmet = [
    ...(await unmetByEndpoint(endpoint, place.bucket, signal)),
    ...unmetByServer(endpoint, driver),
  ];
  const before = await endpoint.requestCounts();
  const server = endpoint.control;
  const rest = { prove, probe, unmet, ...(server === undefined ? {} : { server }) };
  const result = await runOnTarget(tools, { suite, driver, control: false, store, ...rest }, signal);
  return server === undefined
    ? result
    : withPrice({ ...result, requests: countsBetween(before, await server.requestCounts()) });
}

/** Numbers of requests are a promise of the reference file system alone, and only the embedded server counts them. */
function unmetByServer({ control }: Endpoint, { name }: TargetDriver): readonly UnmetNeed[] {
  const counting: UnmetNeed[] =
    name === 'objectfs'
      ? []
      : [
          {
            need: 'request-counts',
            state: 'unsupported',
            reason: `${name} promises no number of requests`,
          },
        ];
  if (control !== undefined) return counting;
  return [
    ...counting,
    { need: 'request-counts', state: 'skipped', reason: 'only the embedded server counts requests' },
    { need: 'faults', state: 'skipped', reason: 'only the embedded server fails as it is told' },
  ];
}
