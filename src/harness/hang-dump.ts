import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../errors/failure.js';
import { stackOf } from '../mount/stack/ask.js';
import { statusOf } from '../mount/status.js';
import { mountAt } from './mounts.js';

/** What is read of a process and each of its threads, proc(5); `stack` is root's to read. */
const PROCESS_FILES = ['cmdline', 'status', 'limits'] as const;
const THREAD_FILES = ['comm', 'wchan', 'syscall', 'stack'] as const;
/** The kernel answers at once also for a process that hangs; a bound all the same, for many descriptors. */
const MOST_THREADS = 64;

export interface HangScene {
  /** Of the case that hangs, and why it counts as hung. */
  readonly id: string;
  readonly reason: string;
  /** The process that is caught in the case. */
  readonly workerPid: number;
  /** Of the target; absent where it is not known. */
  readonly daemonPid?: number | undefined;
  readonly mountPoint?: string | undefined;
}

/**
 * Writes down what can be seen of a hang, while it lasts: threads of the case's process and of the target's daemon with
 * their system calls and kernel stacks, how many requests the kernel waits for, where the code of a daemon of ours runs,
 * and, if it still answers, its open operations and requests to S3. The mount itself is never touched.
 *
 * @param folder - Made where it is missing.
 * @returns The path of the file; what could not be read is said in it.
 */
export async function dumpHang(folder: string, scene: HangScene): Promise<string> {
  const { id, reason, workerPid, daemonPid, mountPoint } = scene;
  const dump = {
    id,
    reason,
    worker: await processOf(workerPid),
    ...(daemonPid === undefined ? {} : { daemon: await processOf(daemonPid) }),
    ...(mountPoint === undefined ? {} : await mountScene(mountPoint)),
  };
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${id.replaceAll(/[^\w.-]/g, '.').slice(0, 120)}.json`);
  await writeFile(path, `${JSON.stringify(dump, undefined, 2)}\n`, { mode: 0o600 });
  return path;
}

/** Side by side: each may take as long as it takes to see that nobody answers. */
async function mountScene(mountPoint: string) {
  const [stack, mount, waiting] = await Promise.all([
    attempt(() => stackOf(mountPoint)),
    attempt(() => statusOf(mountPoint)),
    waitingOn(mountPoint),
  ]);
  return { ...(typeof stack === 'string' ? { stack } : stack), mount, waiting };
}

async function processOf(pid: number): Promise<unknown> {
  const folder = `/proc/${pid}`;
  const threads = await readdir(join(folder, 'task')).catch(() => []);
  return {
    pid,
    ...(await filesOf(folder, PROCESS_FILES)),
    threads: await Promise.all(
      threads.slice(0, MOST_THREADS).map(async (thread) => ({
        thread: Number(thread),
        ...(await filesOf(join(folder, 'task', thread), THREAD_FILES)),
      })),
    ),
  };
}

async function filesOf(folder: string, names: readonly string[]): Promise<Record<string, unknown>> {
  const texts = names.map(async (name) => [name, await attempt(() => textOf(join(folder, name)))] as const);
  return Object.fromEntries(await Promise.all(texts));
}

/** Arguments of a command end in zero bytes. */
async function textOf(path: string): Promise<string> {
  return (await readFile(path, 'latin1')).replaceAll('\0', ' ').trimEnd();
}

/** Requests that the kernel has for a FUSE daemon and no reply to. */
async function waitingOn(mountPoint: string): Promise<unknown> {
  return attempt(async () => {
    const mount = await mountAt(mountPoint);
    if (mount === undefined) return 'not mounted';
    return Number(await textOf(`/sys/fs/fuse/connections/${mount.deviceMinor}/waiting`));
  });
}

async function attempt<T>(look: () => Promise<T>): Promise<T | string> {
  try {
    return await look();
  } catch (reason) {
    return `not readable: ${Failure.from(reason).message}`;
  }
}
