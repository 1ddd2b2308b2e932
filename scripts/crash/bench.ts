import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '../../src/config/schema.js';
import { startEmulatorProcess } from '../../src/emulator/child.js';
import { releaseMount } from '../../src/mount/mounts.js';
import type { MountPlan } from '../../src/mount/plan.js';
import { createBucketAdmin } from '../../src/s3/admin.js';
import { createStore } from '../../src/s3/client.js';
import type { S3Connection } from '../../src/s3/connection.js';
import type { ObjectStore } from '../../src/s3/store.js';

const BUCKET = 'endurance';

/** Runs with a server, an empty bucket and a plan to mount it; removes all of it afterwards. */
export async function withBench<T>(
  prefix: string,
  run: (plan: MountPlan, store: ObjectStore) => Promise<T>,
  mount: Readonly<Record<string, unknown>> = {},
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  const server = await startEmulatorProcess({}, new AbortController().signal);
  const { endpoint, region, credentials } = server;
  const connection: S3Connection = { endpoint, region, credentials, forcePathStyle: true };
  const admin = createBucketAdmin(connection);
  await admin.create(BUCKET);
  admin.close();
  const store = createStore(connection, BUCKET);
  const plan = await makePlan(folder, connection, mount);
  try {
    return await run(plan, store);
  } finally {
    store.close();
    await releaseMount(plan.mountPoint).catch(() => undefined);
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function makePlan(
  folder: string,
  connection: S3Connection,
  mount: Readonly<Record<string, unknown>>,
): Promise<MountPlan> {
  const mountPoint = join(folder, 'mnt');
  await mkdir(mountPoint);
  const config = configSchema.parse({
    mount: { cacheDir: join(folder, 'cache'), ...mount },
    log: { level: 'error' },
  });
  return { bucket: BUCKET, prefix: '', mountPoint, connection, config };
}
