import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Cleanup, RequestCount, SuiteResult } from '../report/model.js';
import { silentProgress } from '../log/progress.js';
import { sharedProgress } from '../log/shared-progress.js';
import { countsBetween, countsTogether, withPrice } from '../report/prices.js';
import { Failure } from '../errors/failure.js';
import { createBucketAdmin, type BucketAdmin } from '../s3/admin.js';
import type { UnmetNeed } from './api/protocol.js';
import { provisionBucket } from './buckets.js';
import type { Endpoint, EndpointWish } from './endpoint-wish.js';
import { unmetByEndpoint } from './endpoint-needs.js';
import { brokenSuite } from './broken-suite.js';
import { inRunOrder, runInLanes, type LaneJob, type Lanes } from './lanes.js';
import { withEndpoint } from './reported-run.js';
import type { ChosenSuite } from './suite-choice.js';
import { runOnTarget, type SuiteTools } from './suite-tools.js';
import { directoryTarget } from './targets/directory.js';
import { missingClients } from './targets/peers/clients.js';
import { proveTarget } from './targets/proof.js';
import type { GivenBucket, RunningTarget, TargetDriver } from './targets/target.js';

/** The suite whose cases a plain local directory must pass before their verdict on a mount counts. */
const CONTROLLED_SUITE = 'posix';

/** They measure, bound the memory, and bring workers of their own enough for two cores. */
const SUITES_ALONE: ReadonlySet<string> = new Set(['stress', 'throughput']);

export interface EndpointResults {
  readonly suites: SuiteResult[];
  readonly cleanup: Cleanup[];
  /** Of all servers of the run together. */
  readonly requests: RequestCount[];
}

/** An S3 service with what makes buckets there. */
interface EndpointLane {
  readonly endpoint: Endpoint;
  readonly admin: BucketAdmin;
}

interface SuiteEnd {
  readonly result: SuiteResult;
  readonly cleanup: readonly Cleanup[];
}

/**
 * Runs suites on a target with a bucket of its own for each; with the embedded server two at a time, each with a server
 * of its own, so that faults and numbers of requests are those of one suite. A target that can not be started ends the
 * run where it was the first suite, and is a broken suite later: what is known by then is not thrown away.
 */
export async function runOnEndpoint(
  tools: SuiteTools,
  suites: readonly ChosenSuite[],
  driver: TargetDriver,
  { endpoint, wish }: { readonly endpoint: Endpoint; readonly wish: EndpointWish },
  signal: AbortSignal,
): Promise<EndpointResults> {
  const requests: (readonly RequestCount[])[] = [];
  const control = controlBeside(tools, suites, signal);
  try {
    const ends = await withAdmin(tools, endpoint, (first) => {
      const withSecond: Lanes<EndpointLane>['withSecond'] = (use, either) =>
        withEndpoint(tools.scope, { wish }, either, async (second) => {
          await withAdmin(tools, second, use);
          requests.push(await second.requestCounts());
        });
      if (!canRunTwo(suites, endpoint, driver))
        return runInLanes(jobsOf(tools, suites, driver), { first }, signal);
      const total = suites.reduce((sum, { only }) => sum + only.length, 0);
      const progress = sharedProgress(tools.progress, `${suites.length} suites on ${driver.name}`, total);
      return runInLanes(jobsOf({ ...tools, progress }, suites, driver), { first, withSecond }, signal);
    });
    requests.unshift(await endpoint.requestCounts());
    return {
      suites: [...(await control.results()), ...ends.map(({ result }) => result)],
      cleanup: ends.flatMap(({ cleanup }) => cleanup),
      requests: countsTogether(requests),
    };
  } finally {
    await control.end();
  }
}

async function withAdmin<T>(
  { log }: SuiteTools,
  endpoint: Endpoint,
  work: (lane: EndpointLane) => Promise<T>,
): Promise<T> {
  const admin = createBucketAdmin(endpoint.connection, { log });
  try {
    return await work({ endpoint, admin });
  } finally {
    admin.close();
  }
}

/** A server of somebody else's may be busy as it is, and a mount of somebody else's is there once. */
function canRunTwo(suites: readonly ChosenSuite[], { kind }: Endpoint, { given }: TargetDriver): boolean {
  const pairs = suites.filter((suite) => !isAlone(suite)).length > 1;
  return pairs && kind === 'embedded' && given === undefined && availableParallelism() > 1;
}

function jobsOf(
  tools: SuiteTools,
  suites: readonly ChosenSuite[],
  driver: TargetDriver,
): readonly LaneJob<EndpointLane, SuiteEnd>[] {
  const weighed = suites.map((suite) => ({ suite, isAlone: isAlone(suite), weightMs: suite.weightMs ?? 0 }));
  const [first] = inRunOrder(weighed);
  return weighed.map(({ suite, ...weight }) => {
    const isFirst = suite === first?.suite;
    return {
      ...weight,
      async run(lane, begun, signal) {
        const cleanup: Cleanup[] = [];
        const job = { ...lane, tools, suite, driver, probe: isFirst, begun };
        try {
          return { result: await runWithBucket(job, cleanup, signal), cleanup };
        } catch (reason) {
          if (isFirst) throw reason;
          signal.throwIfAborted();
          return { result: brokenSuite(suite.suite, driver.name, reason), cleanup };
        }
      },
    };
  });
}

function isAlone({ suite }: ChosenSuite): boolean {
  return SUITES_ALONE.has(suite);
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

interface BucketJob extends EndpointLane {
  readonly tools: SuiteTools;
  readonly suite: ChosenSuite;
  readonly driver: TargetDriver;
  /** Called when the target has proved what it is. */
  readonly begun: () => void;
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
  const prove = async (session: { readonly target: RunningTarget }): Promise<void> => {
    await proveTarget(session.target, store, { ownFormat: driver.ownFormat === true, signal });
    job.begun();
  };
  const unmet = [
    ...(await unmetByEndpoint(endpoint, place.bucket, signal)),
    ...unmetByServer(endpoint, driver),
    ...(await missingClients()),
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
