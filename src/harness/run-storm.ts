import { measureStorm } from '../bench/storm.js';
import type { Config } from '../config/schema.js';
import { LOOPBACK } from '../emulator/link/profiles.js';
import { Failure, usageError } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import type { Cleanup, RunReport } from '../report/model.js';
import type { Storm } from '../report/storm-model.js';
import { createBucketAdmin } from '../s3/admin.js';
import { factsOf, type Invocation, type RunOutcome } from './assemble-report.js';
import { provisionBucket } from './buckets.js';
import type { Endpoint, EndpointWish } from './endpoint-wish.js';
import { Ledger } from './ledger.js';
import { type RunScope } from './run-scope.js';
import { judgeStorm } from './verdict.js';
import { reportedRun, withEndpoint } from './reported-run.js';

const WARM_UP_MS = 10_000;
const MEASURED_MS = 10_000;

export interface StormPlan {
  readonly wish: EndpointWish;
  readonly seed: number;
  readonly config: Config;
  readonly requestsPerSecond: number;
  /** @defaultValue 10,000: the time in which a client is to have learnt the rate */
  readonly warmUpMs?: number;
  /** @defaultValue 10,000 */
  readonly measuredMs?: number;
  readonly invocation: Invocation;
}

/**
 * The work of `objectfs bench --requests-per-second`: downloads at an embedded server that answers more than so many
 * reads a second with 503 SlowDown.
 *
 * @throws Failure `usage` for a rate that is none and an endpoint that is no embedded server, before anything is made;
 * the signal's reason when it fires, after the clean-up.
 */
export async function runStorm(
  plan: StormPlan,
  signal: AbortSignal,
  progress: Progress,
  log: Log,
  ledger: Ledger = new Ledger(),
): Promise<RunReport> {
  refuseImpossible(plan);
  const { wish } = plan;
  return reportedRun(plan, { ledger, progress }, (scope) =>
    withEndpoint(scope, { wish, defaultLink: LOOPBACK }, signal, (endpoint) =>
      measureStormOn({ plan, scope, endpoint, progress, log }, signal),
    ),
  );
}

function refuseImpossible({ wish, requestsPerSecond }: StormPlan): void {
  if (!(requestsPerSecond > 0)) {
    throw usageError(
      `--requests-per-second takes a number above 0, not ${requestsPerSecond}`,
      'Give 100, for instance',
    );
  }
  if (wish.settings.endpoint === undefined) return;
  throw usageError(
    `--requests-per-second is a limit of the embedded server, but the endpoint ${wish.settings.endpoint} is set`,
    'Leave out the endpoint',
  );
}

export interface StormJob {
  readonly plan: Pick<StormPlan, 'config' | 'requestsPerSecond' | 'warmUpMs' | 'measuredMs'>;
  readonly scope: RunScope;
  readonly endpoint: Endpoint;
  readonly progress: Progress;
  readonly log: Log;
}

/** Makes a bucket, lets each arm meet the limit in it, and removes it again, also after a failure. */
export async function measureStormOn(
  job: StormJob,
  signal: AbortSignal,
): Promise<RunOutcome & { readonly storm: Storm }> {
  const { plan, scope, endpoint, progress, log } = job;
  const { connection, control } = endpoint;
  if (control === undefined) throw new Failure('internal', 'The embedded server can not be controlled');
  const { requestsPerSecond, warmUpMs = WARM_UP_MS, measuredMs = MEASURED_MS } = plan;
  const wish = { requestsPerSecond, transfer: plan.config.transfer, warmUpMs, measuredMs };
  const cleanup: Cleanup[] = [];
  const admin = createBucketAdmin(connection, { log });
  try {
    const bucket = await provisionBucket(scope, endpoint, admin, 'storm', signal);
    try {
      const site = { connection, bucket: bucket.name, control, folder: scope.folder };
      const arms = await measureStorm(wish, site, signal, (arm) => {
        progress.note(`${arm}: ${(warmUpMs + measuredMs) / 1000} s at ${requestsPerSecond} requests/s`);
      });
      const storm: Storm = { requestsPerSecond, warmUpMs, arms };
      cleanup.push(await bucket.remove());
      return {
        ...judgeStorm(storm, cleanup),
        ...factsOf(endpoint),
        ...{ suites: [], bench: [], storm, cleanup },
        requests: await endpoint.requestCounts(),
      };
    } finally {
      if (cleanup.length === 0) await bucket.remove();
    }
  } finally {
    admin.close();
  }
}
