import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema, type Config } from '../../config/schema.js';
import { startEmulator, type Emulator, type EmulatorOptions } from '../../emulator/emulator.js';
import { silentLog } from '../../log/log.js';
import { createBucketAdmin } from '../../s3/admin.js';
import { createStore } from '../../s3/client.js';
import type { ObjectStore } from '../../s3/store.js';
import { createTransporter } from '../../transfer/create.js';
import { createFileSystem, type FileSystemOptions } from '../create.js';
import type { FileSystem, KernelNotifier, Request } from '../operations.js';
import { CallerRequest } from '../request.js';

const LONG_MS = 3_600_000;
const BUCKET = 'fs-test';
const silentNotifier: KernelNotifier = {
  invalidateInode: () => undefined,
  invalidateEntry: () => undefined,
};

/** A bucket on an embedded server, and file systems over it that are called without a kernel. */
export interface Fixture {
  readonly emulator: Emulator;
  readonly store: ObjectStore;
  readonly folder: string;
  /** A new mount with cold caches; `cacheDir` names its folder below `folder`, a new one by default. */
  mount(options?: MountOptions): Promise<FileSystem>;
  /** Counts of requests by operation since the last call, those without any left out. */
  requests(): Record<string, number>;
  close(): Promise<void>;
}

export interface MountOptions extends Partial<Config['mount']> {
  readonly prefix?: string;
  readonly store?: ObjectStore;
  readonly notifier?: KernelNotifier;
  readonly storage?: FileSystemOptions['storage'];
  readonly partLimits?: FileSystemOptions['partLimits'];
  readonly readChecks?: FileSystemOptions['readChecks'];
  readonly throughDisk?: FileSystemOptions['throughDisk'];
}

/** The caller in tests: root, never cancelled. */
export const ROOT: Request = new CallerRequest({ uid: 0, gid: 0, pid: 1 });
export const USER: Request = new CallerRequest({ uid: 1000, gid: 1000, pid: 1 });

export async function startFixture(
  options: Pick<EmulatorOptions, 'minimumPartBytes'> = {},
): Promise<Fixture> {
  const emulator = await startEmulator(options);
  const { endpoint, region, credentials } = emulator;
  // As a mount's.
  const connection = { endpoint, region, credentials, forcePathStyle: true, client: 'lean' } as const;
  const admin = createBucketAdmin(connection);
  await admin.create(BUCKET);
  admin.close();
  const store = createStore(connection, BUCKET);
  const folder = await mkdtemp(join(tmpdir(), 'objectfs-fs-'));
  const mounts: FileSystem[] = [];
  return {
    emulator,
    store,
    folder,
    mount: async (options = {}) => {
      const fs = await mountOver(
        store,
        join(folder, options.cacheDir ?? `mount-${mounts.length + 1}`),
        options,
      );
      mounts.push(fs);
      return fs;
    },
    requests: requestDifferences(emulator),
    close: async () => {
      // What goes on in the background would write into the folder that is removed; what a test left unsaved is lost.
      await Promise.allSettled(mounts.map((fs) => fs.stop()));
      store.close();
      await emulator.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function mountOver(store: ObjectStore, cacheDir: string, options: MountOptions): Promise<FileSystem> {
  const {
    prefix = '',
    notifier = silentNotifier,
    store: wrapped = store,
    storage,
    partLimits,
    readChecks,
    throughDisk,
    ...mount
  } = options;
  const config = configSchema.parse({});
  const fs = createFileSystem({
    store: wrapped,
    prefix,
    ...(storage === undefined ? {} : { storage }),
    ...(partLimits === undefined ? {} : { partLimits }),
    ...(throughDisk === undefined ? {} : { throughDisk }),
    ...(readChecks === undefined ? {} : { readChecks }),
    transporter: createTransporter('optimized', wrapped, config.transfer),
    // So that requests that are counted do not depend on how long a test takes.
    mount: { ...config.mount, directoryTimesMs: LONG_MS, ...mount },
    cacheDir,
    log: silentLog,
    owner: { uid: 500, gid: 501 },
  });
  await fs.start({ maxWriteBytes: 1 << 20, protocolMinor: 40 }, notifier);
  return fs;
}

function requestDifferences(emulator: Emulator): () => Record<string, number> {
  let before = new Map<string, number>();
  return () => {
    const now = new Map(emulator.requestCounts().map(({ operation, count }) => [operation, count]));
    const since = [...now].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
    before = now;
    return Object.fromEntries(since.filter(([, count]) => count > 0));
  };
}
