import { spawn, type ChildProcess } from 'node:child_process';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { compiledModule } from '../config/paths.js';
import { Failure } from '../errors/failure.js';
import { checkMountPoint } from '../fuse/mount-point.js';
import { daemonMessage, fromPlainFailure, type DaemonMessage } from './messages.js';
import { clearDeadMount } from './mounts.js';
import type { MountPlan } from './plan.js';
import { heapFlags, mallocSettings } from './process-memory.js';
import { ensureStateFolder, newLogFile } from './state-folder.js';
import { unmountDirectory, type UnmountOptions } from './unmount.js';

export interface StartOptions {
  /**
   * `true`: the daemon logs to our stderr and unmounts when this process ends, even by SIGKILL. `false`: it lives on
   * in the background with a log file.
   */
  readonly foreground: boolean;
  /** Before the mount answers: stops the daemon. Afterwards it has no effect. */
  readonly signal?: AbortSignal;
  /** Variables of the daemon beside those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** A mount that answers. */
export interface RunningMount {
  readonly mountPoint: string;
  /** `major:minor` */
  readonly device: string;
  /** Of the daemon. */
  readonly pid: number;
  /** The source of a dead mount that was in the way and has been cleared. */
  readonly cleared?: string;
  /** Files that an earlier mount with the same cache folder could not save; absent: none. */
  readonly recovery?: { readonly folder: string; readonly files: number };
  /** Of a background daemon, and where one is configured. */
  readonly logFile?: string;
  /**
   * Resolves when the daemon has ended, however it was unmounted. Rejects where data could not be saved or the
   * daemon crashed. Of a foreground daemon only: a background one is let go.
   */
  readonly done: Promise<void>;
  /** Unmounts and waits until everything is saved. @throws Failure as `unmountDirectory`. */
  unmount(signal?: AbortSignal, options?: UnmountOptions): Promise<void>;
}

/** Room in libuv's thread pool: name look-ups, stage files and notifications to the kernel share it. */
const THREADS = '16';

/**
 * Starts a daemon for a plan; resolves when the mount answers. A dead mount of ours on the directory is cleared first.
 *
 * @throws Failure what the daemon failed with before that (unknown bucket, no credentials, unreachable endpoint,
 * mount point not usable); then no process and no mount is left.
 */
export async function startMount(plan: MountPlan, options: StartOptions): Promise<RunningMount> {
  throwIfAborted(options.signal);
  const cleared = await clearDeadMount(plan.mountPoint);
  const mountPoint = await checkMountPoint(plan.mountPoint, false); // at once, before a process starts and asks the store
  const log = await openLog(plan, options.foreground);
  const child = spawnDaemon(plan.config.mount.memoryLimit, options, log?.file);
  // Before anything is waited for: Ctrl-C reaches the whole group, and an end that nobody saw would be awaited for ever.
  const watch = new DaemonWatch(child);
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  options.signal?.addEventListener('abort', stop);
  try {
    await log?.file.close();
    throwIfAborted(options.signal);
    // A daemon that is gone already shows by its exit: without a callback the broken channel would come first.
    child.send(
      { ...absolutePlan(plan, mountPoint), ...(log !== undefined && { logFile: log.path }) },
      () => undefined,
    );
    const { device, recovery } = await watch.ready;
    throwIfAborted(options.signal);
    const where = {
      mountPoint,
      device,
      ...(cleared !== undefined && { cleared }),
      ...(recovery !== undefined && { recovery }),
      ...(log !== undefined && { logFile: log.path }),
    };
    return runningMount(child, watch, where, options.foreground);
  } catch (reason) {
    stop();
    await watch.exited;
    if (log?.isOurs === true) await rm(log.path, { force: true });
    throwIfAborted(options.signal);
    throw reason;
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw Failure.from(signal.reason);
}

interface OpenLog {
  readonly path: string;
  readonly file: FileHandle;
  /** Made for this mount alone: worth nothing where the mount does not come about. */
  readonly isOurs: boolean;
}

/** The configured log file, else a new one for a background daemon; `undefined` is our own stderr. */
async function openLog(plan: MountPlan, foreground: boolean): Promise<OpenLog | undefined> {
  const { logFile } = plan.config.mount;
  if (logFile === undefined && foreground) return undefined;
  const path = logFile === undefined ? await freshLogFile(plan) : resolve(logFile);
  try {
    return { path, file: await open(path, 'a', 0o600), isOurs: logFile === undefined };
  } catch (cause) {
    throw new Failure('usage', `The log file ${path} can not be opened: ${Failure.from(cause).message}`, {
      subject: path,
      remedy: 'Name a file that you may write to with --log-file',
      cause,
    });
  }
}

async function freshLogFile(plan: MountPlan): Promise<string> {
  const folder = await ensureStateFolder();
  return newLogFile(folder, plan.bucket, Date.now());
}

function spawnDaemon(
  memoryLimit: number,
  { foreground, environment }: StartOptions,
  log: FileHandle | undefined,
): ChildProcess {
  const output = log === undefined ? 'inherit' : log.fd;
  const detached = foreground ? {} : { OBJECTFS_DAEMON_DETACHED: '1' };
  return spawn(process.execPath, [...heapFlags(memoryLimit), compiledModule('src/mount/daemon.js')], {
    cwd: '/', // a daemon holds no directory
    detached: !foreground,
    stdio: ['ignore', 'ignore', output, 'ipc'],
    env: {
      UV_THREADPOOL_SIZE: THREADS,
      ...process.env,
      ...mallocSettings(memoryLimit, process.env),
      ...environment,
      ...detached,
    },
  });
}

/** The daemon has another working directory. */
function absolutePlan(plan: MountPlan, mountPoint: string): MountPlan {
  const { cacheDir } = plan.config.mount;
  const mount = { ...plan.config.mount, ...(cacheDir !== undefined && { cacheDir: resolve(cacheDir) }) };
  return { ...plan, mountPoint, config: { ...plan.config, mount } };
}

function runningMount(
  child: ChildProcess,
  watch: DaemonWatch,
  where: Pick<RunningMount, 'mountPoint' | 'device' | 'cleared' | 'recovery' | 'logFile'>,
  foreground: boolean,
): RunningMount {
  const unmount: RunningMount['unmount'] = async (signal, options) => {
    await unmountDirectory(where.mountPoint, signal, options);
    if (foreground) await watch.exited;
  };
  const base = { ...where, pid: child.pid ?? 0, unmount };
  if (foreground) return { ...base, done: watch.done };
  child.disconnect();
  child.unref();
  return { ...base, done: Promise.resolve() };
}

/** Turns messages and exit of a daemon into promises. */
class DaemonWatch {
  readonly ready: Promise<Extract<DaemonMessage, { type: 'ready' }>>;
  readonly exited: Promise<void>;
  readonly done: Promise<void>;
  #failure: Failure | undefined;
  #ended = false;

  constructor(child: ChildProcess) {
    this.exited = new Promise((resolve) => {
      // Messages may still be on their way at `exit`; the channel's end comes after them.
      child.once('exit', () => {
        if (child.connected) child.once('disconnect', resolve);
        else resolve();
      });
      child.once('error', () => {
        resolve();
      });
    });
    this.ready = new Promise((resolve, reject) => {
      child.on('message', (raw) => {
        const message = daemonMessage.parse(raw);
        if (message.type === 'ready') resolve(message);
        else this.#onEnd(message);
      });
      void this.exited.then(() => {
        reject(this.#failure ?? endedEarly(child));
      });
    });
    this.done = this.exited.then(() => {
      if (this.#failure !== undefined) throw this.#failure;
      if (!this.#ended) throw new Failure('internal', 'The mount daemon crashed');
    });
    this.done.catch(() => undefined); // whoever waits hears of it
    this.ready.catch(() => undefined);
  }

  #onEnd(message: Exclude<DaemonMessage, { type: 'ready' }>): void {
    this.#ended = true;
    if (message.failure !== undefined) this.#failure = fromPlainFailure(message.failure);
  }
}

/** Ctrl-C reaches the whole group, and may end a daemon that has not loaded its code yet. */
function endedEarly(child: ChildProcess): Failure {
  if (child.signalCode === 'SIGINT') return new Failure('cancelled', 'The mount was stopped by SIGINT');
  const how = child.signalCode ?? `exit code ${child.exitCode ?? 'unknown'}`;
  return new Failure('internal', `The mount daemon ended (${how}) before the mount answered`);
}
