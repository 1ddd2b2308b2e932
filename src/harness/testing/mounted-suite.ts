import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { configSchema } from '../../config/schema.js';
import { deadline } from '../../errors/deadline.js';
import { silentLog } from '../../log/log.js';
import type { Cleanup, SuiteResult } from '../../report/model.js';
import { createBucketAdmin } from '../../s3/admin.js';
import type { S3Connection } from '../../s3/connection.js';
import { provisionBucket } from '../buckets.js';
import { endpointName } from '../endpoint-name.js';
import type { RunScope } from '../run-scope.js';
import { runSuite } from '../run-suite.js';
import { objectfsTarget } from '../targets/objectfs.js';
import { proveTarget } from '../targets/proof.js';
import { TargetSession } from '../targets/session.js';
import type { WatchLimits } from '../worker/supervise.js';

export interface MountedSuite {
  readonly scope: RunScope;
  /** Compiled suite files. */
  readonly suiteFolder: string;
  readonly connection: S3Connection;
  readonly limits: WatchLimits;
  readonly hangFolder?: string;
  /** The switch of planted defects. */
  readonly planted?: string;
  /** Called when the mount answers, before the first case. */
  readonly onMounted?: (session: TargetSession) => Promise<void>;
}

/** One suite on the reference file system with a bucket of its own, for tests. */
export async function runMountedSuite(
  options: MountedSuite,
  signal: AbortSignal,
): Promise<{ readonly result: SuiteResult; readonly cleanup: Cleanup }> {
  const { scope, connection } = options;
  const admin = createBucketAdmin(connection);
  const bucket = await provisionBucket(
    scope,
    { connection, name: endpointName(connection) },
    admin,
    'sample',
    signal,
  );
  let result: SuiteResult;
  let cleanup: Cleanup;
  try {
    result = await runInBucket(options, bucket.name, signal);
  } finally {
    cleanup = await bucket.remove();
    admin.close();
  }
  return { result, cleanup };
}

async function runInBucket(options: MountedSuite, bucket: string, signal: AbortSignal): Promise<SuiteResult> {
  const { scope, connection, suiteFolder, limits, hangFolder } = options;
  const config = configSchema.parse({});
  const store = { connection, bucket, prefix: '' };
  const folder = join(scope.folder, 'target');
  await mkdir(folder);
  const looksIntoHangs = hangFolder !== undefined;
  const place = { runId: scope.runId, folder, store, config, looksIntoHangs, record: scope.record };
  const session = new TargetSession(objectfsTarget('0.0.0', undefined, options.planted), place);
  try {
    await session.start(signal);
    await proveTarget(session.target, store, { ownFormat: false, signal });
    await options.onMounted?.(session);
    const plan = { runId: scope.runId, suite: 'sample', target: 'objectfs', seed: 1, store };
    const rest = { transfer: config.transfer, unmet: [], fixtures: [] };
    const job = {
      scope,
      suite: 'sample',
      suiteFolder,
      label: 'sample',
      control: false,
      session,
      limits,
      ...(hangFolder && { hangFolder }),
    };
    return await runSuite(
      { ...job, plan: { ...plan, ...rest }, onEvent: () => undefined, log: silentLog },
      signal,
    );
  } finally {
    await session.stop(deadline(60_000));
  }
}
