import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { Config } from '../../config/schema.js';
import { Failure } from '../../errors/failure.js';
import { statusOf } from '../../mount/status.js';
import { startMount, type RunningMount, type StartOptions } from '../../mount/start.js';
import type { UnmetNeed } from '../api/protocol.js';
import { mountAt, releaseHard } from '../mounts.js';
import { endProcess, identifyProcess, type ProcessIdentity } from '../processes.js';
import { damageBlocks, dropBlocks } from './kept-blocks.js';
import { profileEnvironment } from './profile-files.js';
import type { RunningTarget, TargetDriver, TargetPlace, TargetStore } from './target.js';

/** How long a daemon that was told to unmount may take to be gone afterwards. */
const EXIT_LIMIT_MS = 10_000;

/** A daemon gives the users of its mount 5 s, and then saves. */
const TERMINATE_LIMIT_MS = 45_000;

const NATIVE = 'The binding fuse-native does not pass it on';
const NATIVE_UNMET: readonly UnmetNeed[] = [
  {
    need: 'hard-link',
    state: 'unsupported',
    reason: 'With the binding fuse-native each name has an inode of its own',
  },
  { need: 'rename-exchange', state: 'unsupported', reason: NATIVE },
  { need: 'rename-flags', state: 'unsupported', reason: NATIVE },
  { need: 'fallocate', state: 'unsupported', reason: NATIVE },
  { need: 'name-bytes', state: 'unsupported', reason: 'The binding fuse-native decodes names as UTF-8' },
  { need: 'tmpfile', state: 'unsupported', reason: NATIVE },
];

type Binding = Config['mount']['binding'];

/**
 * The reference file system of this project, in a daemon of its own that ends with the runner.
 *
 * @param binding - Absent: the configured one.
 * @param planted - For tests of the suites: the switch of planted defects.
 */
export function objectfsTarget(version: string, binding?: Binding, planted?: string): TargetDriver {
  const isNative = binding === 'fuse-native';
  return {
    name: isNative ? 'objectfs:fuse-native' : 'objectfs',
    version,
    needsStore: true,
    unmet: isNative ? NATIVE_UNMET : [],
    quirks: ['Locks hold on this mount only, not for other clients of the bucket'],
    start: (place, signal) => startObjectfs(withBinding(place, binding), signal, planted),
  };
}

function withBinding(place: TargetPlace, binding: Binding | undefined): TargetPlace {
  if (binding === undefined) return place;
  const { config } = place;
  return { ...place, config: { ...config, mount: { ...config.mount, binding } } };
}

async function startObjectfs(
  place: TargetPlace,
  signal: AbortSignal,
  planted: string | undefined,
): Promise<RunningTarget> {
  const { store } = place;
  if (store === undefined) throw new Failure('internal', 'The target objectfs needs a bucket');
  const mountPoint = join(place.folder, 'mount');
  await mkdir(mountPoint, { recursive: true });
  const damage = place.settings?.cacheDamage;
  if (damage !== undefined) await damageBlocks(cacheFolder(place), damage);
  else if (place.keepsBlocks !== true) await dropBlocks(cacheFolder(place));
  await place.record.mount(mountPoint);
  const disk = await smallDisk(place);
  const plan = { ...planFor(place, store, mountPoint), ...(planted === undefined ? {} : { planted }) };
  const mount = await startMount(plan, { foreground: true, signal, ...environmentOf(place) });
  const daemon = await identifyProcess(mount.pid);
  if (daemon !== undefined) await place.record.daemon(daemon);
  return {
    directory: mountPoint,
    mountPoint,
    pid: mount.pid,
    cacheCounters: () => cacheCounters(mountPoint),
    terminate: (endSignal) => terminateMount(mount, endSignal),
    stop: async (stopSignal) => {
      await stopMount(mount, stopSignal);
      await disk?.remove();
    },
    kill: async () => {
      await killMount(mountPoint, daemon);
      await disk?.remove();
    },
  };
}

async function cacheCounters(mountPoint: string): Promise<Readonly<Record<string, number>>> {
  const status = await statusOf(mountPoint);
  if (status.state === 'running') return status.cache;
  throw new Failure('not-connected', `The mount on ${mountPoint} is ${status.state}`);
}

function environmentOf({ folder, settings }: TargetPlace): Pick<StartOptions, 'environment'> {
  return settings?.credentials === undefined ? {} : { environment: profileEnvironment(folder) };
}

function cacheFolder({ folder, settings }: TargetPlace): string {
  return join(folder, settings?.cacheDiskBytes === undefined ? 'cache' : 'small-disk');
}

/** A file system in memory as the disk of the cache, where a case wants one that gets full. */
async function smallDisk(place: TargetPlace): Promise<{ remove(): Promise<void> } | undefined> {
  const sizeBytes = place.settings?.cacheDiskBytes;
  if (sizeBytes === undefined) return undefined;
  const folder = cacheFolder(place);
  await mkdir(folder, { recursive: true });
  await place.record.mount(folder);
  await execa('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes},mode=0700`, 'objectfs-suite', folder], {
    cleanup: false,
  });
  return { remove: () => releaseHard(folder).catch(() => undefined) };
}

function planFor(place: TargetPlace, store: TargetStore, mountPoint: string) {
  const { config, settings: { memoryLimitBytes, operationTimeoutMs, credentials } = {} } = place;
  const { credentials: own, ...keyless } = store.connection;
  return {
    bucket: store.bucket,
    prefix: store.prefix,
    mountPoint,
    connection: own === undefined || credentials === undefined ? store.connection : keyless,
    ...(place.looksIntoHangs === true ? { tellsStack: true } : {}),
    config: {
      ...config,
      log: { level: quieter(config.log.level) },
      // A cache of its own: cold at the first start, removed with the run.
      mount: {
        ...config.mount,
        ...(memoryLimitBytes === undefined ? {} : { memoryLimit: memoryLimitBytes }),
        ...(operationTimeoutMs === undefined ? {} : { operationTimeoutMs }),
        cacheDir: cacheFolder(place),
        // Cases act as other users too; only root may let them in without a line in /etc/fuse.conf.
        allowOther: config.mount.allowOther || process.getuid?.() === 0,
      },
    },
  };
}

/** The daemon speaks on the runner's stderr, where a suite's progress is shown. */
function quieter(level: Config['log']['level']): Config['log']['level'] {
  return level === 'info' ? 'warn' : level;
}

async function stopMount(mount: RunningMount, signal: AbortSignal): Promise<void> {
  // Gone already where Ctrl-C reached the daemon too: it unmounts by itself then.
  if ((await mountAt(mount.mountPoint)) !== undefined) {
    await mount.unmount(signal).catch(async (reason: unknown) => {
      if ((await mountAt(mount.mountPoint)) !== undefined) throw reason;
    });
  }
  await Promise.race([mount.done, delay(EXIT_LIMIT_MS, undefined, { ref: false, signal })]);
}

/** The signal, and the end that the daemon makes of it: it says what it could not save. */
async function terminateMount(mount: RunningMount, signal: AbortSignal): Promise<string | undefined> {
  process.kill(mount.pid, 'SIGTERM');
  const end = mount.done.then(
    () => undefined,
    (reason: unknown) => Failure.from(reason).message,
  );
  return Promise.race([end, delay(TERMINATE_LIMIT_MS, 'it did not end', { ref: false, signal })]);
}

/** The connection first: nobody can wait for the daemon then, and the daemon for nobody. */
async function killMount(mountPoint: string, daemon: ProcessIdentity | undefined): Promise<void> {
  await releaseHard(mountPoint).catch(() => undefined);
  if (daemon !== undefined) await endProcess(daemon, 0);
  // A killed daemon closes its connection: what could not be detached before can be now.
  await releaseHard(mountPoint).catch(() => undefined);
}
