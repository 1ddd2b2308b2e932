import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { configSchema } from '../../config/schema.js';
import { startEmulatorProcess, type EmulatorProcess } from '../../emulator/child.js';
import type { EmulatorProcessOptions } from '../../emulator/process-messages.js';
import { createBucketAdmin } from '../../s3/admin.js';
import { createStore } from '../../s3/client.js';
import type { S3Connection } from '../../s3/connection.js';
import type { ObjectStore } from '../../s3/store.js';
import { listObjectfsMounts } from '../mounts.js';
import type { MountPlan } from '../plan.js';

export const BUCKET = 'mounted';

/** An S3 server in a process of its own, which a test may stop, kill and start again. */
export interface TestServer {
  readonly process: EmulatorProcess;
  readonly connection: S3Connection;
  readonly store: ObjectStore;
  close(): Promise<void>;
}

/** Starts a server with an empty bucket {@link BUCKET}. */
export async function startTestServer(options: EmulatorProcessOptions = {}): Promise<TestServer> {
  const process = await startEmulatorProcess(options, new AbortController().signal);
  const { endpoint, region, credentials } = process;
  const connection = { endpoint, region, credentials, forcePathStyle: true };
  const admin = createBucketAdmin(connection);
  await admin.create(BUCKET);
  admin.close();
  const store = createStore(connection, BUCKET);
  return {
    process,
    connection,
    store,
    close: async () => {
      store.close();
      await process.close();
    },
  };
}

/** A mount point and a cache folder of one test. */
export interface MountPlace {
  readonly folder: string;
  readonly mountPoint: string;
  at(name: string): string;
  /** The plan of a mount at this place. @param mount - Keys of the `mount` section. */
  plan(connection: S3Connection, mount?: Readonly<Record<string, unknown>>): MountPlan;
  /** Fails where a mount is left. */
  remove(): Promise<void>;
}

export async function makeMountPlace(): Promise<MountPlace> {
  const folder = await fs.realpath(await fs.mkdtemp(join(tmpdir(), 'objectfs-daemon-')));
  const mountPoint = join(folder, 'mnt');
  await fs.mkdir(mountPoint);
  return {
    folder,
    mountPoint,
    at: (name) => join(mountPoint, name),
    plan: (connection, mount = {}) => ({
      bucket: BUCKET,
      prefix: '',
      mountPoint,
      connection,
      config: configSchema.parse({
        mount: { cacheDir: join(folder, 'cache'), ...mount },
        log: { level: 'fatal' },
      }),
    }),
    remove: async () => {
      expect((await listObjectfsMounts()).filter((mount) => mount.mountPoint.startsWith(folder))).toEqual([]);
      await fs.rm(folder, { recursive: true });
    },
  };
}

/** Looks again and again until `look` answers with something; fails with `what` after half a minute. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = performance.now() + 30_000;
  while (performance.now() < deadlineMs) {
    const found = await look();
    if (found !== undefined) return found;
    await delay(20);
  }
  throw new Error(`Waited in vain: ${what}`);
}

/** Registers hooks: one server for all tests of a `describe`, and a place for each. Both are there inside tests only. */
export function serverAndPlaces(): { readonly server: TestServer; readonly place: MountPlace } {
  let server: TestServer | undefined;
  let place: MountPlace | undefined;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server?.close());
  beforeEach(async () => {
    place = await makeMountPlace();
  });
  afterEach(() => place?.remove());
  return {
    get server() {
      return present(server);
    },
    get place() {
      return present(place);
    },
  };
}

function present<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Error('Not there outside of a test');
  return thing;
}
