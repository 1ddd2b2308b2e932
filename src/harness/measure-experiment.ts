import { runExperiment } from '../bench/experiment.js';
import type { ExperimentPlan } from '../bench/plan.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import type { BenchCell, Cleanup } from '../report/model.js';
import { createBucketAdmin } from '../s3/admin.js';
import { provisionBucket } from './buckets.js';
import type { Endpoint } from './endpoint-wish.js';
import type { RunScope } from './run-scope.js';

/** What a measurement has of its run. */
export interface MeasureJob {
  readonly scope: RunScope;
  readonly progress: Progress;
  readonly log: Log;
}

/** What is measured, in a bucket of this name, and where its clean-up is told. */
export interface Measurement {
  readonly name: string;
  readonly experiment: ExperimentPlan;
  readonly cleanup: Cleanup[];
}

/** Makes a bucket, runs the experiment in it, and removes it again, also after a failure. */
export async function measureOn(
  { scope, progress, log }: MeasureJob,
  endpoint: Endpoint,
  { name, experiment, cleanup }: Measurement,
  signal: AbortSignal,
): Promise<BenchCell[]> {
  const admin = createBucketAdmin(endpoint.connection, { log });
  try {
    const bucket = await provisionBucket(scope, endpoint, admin, name, signal);
    try {
      const target = {
        connection: endpoint.connection,
        bucket: bucket.name,
        prefix: '',
        requestCounts: () => endpoint.requestCounts(),
      };
      return await runExperiment(experiment, target, signal, progress, log);
    } finally {
      cleanup.push(await bucket.remove());
    }
  } finally {
    admin.close();
  }
}
