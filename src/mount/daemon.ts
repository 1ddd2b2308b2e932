import { pino } from 'pino';
import { Failure } from '../errors/failure.js';
import { mountFileSystem, type FuseMount } from '../fuse/mount.js';
import { createLog, type Log } from '../log/log.js';
import { compose, type Composed } from './compose.js';
import { serveControl, type ControlServer } from './control-server.js';
import { forcedUnmount, handleSignals, savedUnmount, type SignalActions } from './daemon-signals.js';
import { reopenLog } from './log-file.js';
import { toPlainFailure, type DaemonMessage } from './messages.js';
import { serveMetrics, type MetricsServer } from './metrics/server.js';
import { collectStatus, summary } from './observe/collect.js';
import { countRecovered, recoveryFolder } from './observe/recovery.js';
import type { MountStatus } from './observe/status.js';
import { sourceOf, type MountPlan } from './plan.js';
import { connectServiceManager, type ServiceManager } from './service/service-manager.js';
import { keepStackThread, wantsStackThread } from './stack/keep-thread.js';
import { ensureStateFolder, socketPath } from './state-folder.js';

/**
 * The entry of a mount daemon's process. It takes one {@link MountPlan} over IPC, says `ready`, serves
 * until it is unmounted, and says `ended` if anybody still listens.
 */
async function main(): Promise<void> {
  const plan = await receivePlan();
  const log = createLog(plan.config.log.level, pino.destination({ fd: 2, sync: true }));
  try {
    const composed = await compose(plan, log);
    try {
      await serve(plan, composed, log);
    } finally {
      await composed.close();
    }
    await tell({ type: 'ended' });
  } catch (reason) {
    // Who is told says it to the user; a daemon that was let go has only its log.
    log[process.connected ? 'debug' : 'error']({ err: Failure.from(reason) }, 'the mount failed');
    await tell({ type: 'ended', failure: toPlainFailure(reason) });
    process.exitCode = 1;
  }
}

async function serve(plan: MountPlan, composed: Composed, log: Log): Promise<void> {
  const { observed } = composed;
  const { metricsPort } = plan.config.mount;
  const manager = connectServiceManager(log);
  let metrics: MetricsServer | undefined;
  try {
    const status = (): Promise<MountStatus> => collectStatus(plan, observed, metrics?.url);
    if (metricsPort !== undefined) metrics = await serveMetrics(metricsPort, status);
    await serveMount(plan, composed, { status, manager, log });
  } finally {
    manager.close();
    await metrics?.close();
  }
}

interface Surroundings {
  readonly status: () => Promise<MountStatus>;
  readonly manager: ServiceManager;
  readonly log: Log;
}

async function serveMount(plan: MountPlan, composed: Composed, around: Surroundings): Promise<void> {
  const { status, manager, log } = around;
  const source = sourceOf(plan);
  const mount = await mountPlan(plan, composed, source, log);
  const { mountPoint, device } = mount;
  const actions = signalActions(plan, around);
  const signals = handleSignals(mount, actions, log);
  let control: ControlServer | undefined;
  let stack: { close(): Promise<void> } | undefined;
  try {
    if (wantsStackThread(plan)) stack = await keepStackThread(device, log);
    control = await openControl(mount, source, status, (force) =>
      force ? forcedUnmount(mount, log) : savedUnmount(mount, composed.fileSystem),
    );
    log.info({ mountPoint, source, device }, 'mounted');
    const recovery = await leftInRecovery(composed.observed.cacheFolder, log);
    await tell({ type: 'ready', mountPoint, device, ...(recovery !== undefined && { recovery }) });
    manager.ready(() => summary(plan, composed.observed));
    await mount.done;
    log.info({ mountPoint }, 'unmounted, all data saved');
  } catch (reason) {
    await mount.unmount('lazy').catch(() => undefined);
    throw reason;
  } finally {
    signals.stop();
    await control?.close();
    await stack?.close();
  }
}

function signalActions({ logFile }: MountPlan, { status, manager, log }: Surroundings): SignalActions {
  return {
    reopenLog: () => {
      if (logFile !== undefined) reopenLog(logFile, log);
    },
    dumpState: () => {
      status().then(
        (found) => {
          log.info({ status: found }, 'state');
        },
        (reason: unknown) => {
          log.error({ err: Failure.from(reason) }, 'the state could not be told');
        },
      );
    },
    stopping: () => {
      manager.stopping('saving what is not saved yet, then unmounting');
    },
  };
}

async function mountPlan(plan: MountPlan, composed: Composed, source: string, log: Log): Promise<FuseMount> {
  const { readOnly, allowOther, negativeTtlMs, passthrough, memoryLimit } = plan.config.mount;
  const { mountPoint } = plan;
  const options = { mountPoint, fsName: source, readOnly, allowOther, negativeTtlMs, log };
  if (plan.config.mount.binding === 'kernel') {
    // A writer's bytes must pass through us, and the kernel has no inode in both modes.
    return mountFileSystem(composed.fileSystem, {
      ...options,
      passthrough: passthrough && readOnly,
      maxWriteBuffers: writeBuffers(memoryLimit),
    });
  }
  const { mountNative } = await import('../fuse/native/mount-native.js');
  return mountNative(composed.fileSystem, options);
}

/** In 1 MiB each: the sixteenth of the budget that cache, stages, uploads and the queue to the disk leave. */
function writeBuffers(memoryLimit: number): number {
  return Math.min(16, Math.max(2, Math.floor(memoryLimit / 16 / 2 ** 20)));
}

async function openControl(
  mount: FuseMount,
  source: string,
  status: () => Promise<MountStatus>,
  unmount: (force: boolean) => Promise<void>,
): Promise<ControlServer> {
  const folder = await ensureStateFolder();
  return serveControl(socketPath(folder, mount.device), {
    mountPoint: mount.mountPoint,
    source,
    status,
    unmount,
  });
}

/** What earlier mounts with this cache folder could not save: the user is told where it is. */
async function leftInRecovery(
  cacheFolder: string,
  log: Log,
): Promise<{ readonly folder: string; readonly files: number } | undefined> {
  const files = await countRecovered(cacheFolder);
  if (files === 0) return undefined;
  const folder = recoveryFolder(cacheFolder);
  log.warn({ folder, files }, 'an earlier mount has left files that it could not save');
  return { folder, files };
}

async function receivePlan(): Promise<MountPlan> {
  return new Promise((resolve, reject) => {
    process.once('message', (message) => {
      // Our own parent sends it, from the same build.
      resolve(message as MountPlan);
    });
    process.once('disconnect', () => {
      reject(new Failure('cancelled', 'The process that wanted the mount has ended'));
    });
  });
}

/** Resolves when the message is on its way; nobody may be listening any more. */
async function tell(message: DaemonMessage): Promise<void> {
  if (!process.connected) return;
  await new Promise<void>((resolve) => {
    process.send?.(message, undefined, undefined, () => {
      resolve();
    });
  });
}

process.umask(0o077);
// Ctrl-C reaches the whole group: before the mount is there the parent answers it, with a SIGTERM to this process.
process.on('SIGINT', () => undefined);
// These would end a process that has no listener yet, or start Node's debugger.
process.on('SIGHUP', () => undefined).on('SIGUSR1', () => undefined);
await main();
// All is saved and closed; a kept-alive connection to the store must not hold the process.
process.exit();
