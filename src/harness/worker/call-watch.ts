import { open, readdir, readFile, readlink } from 'node:fs/promises';
import { systemCall, type SystemCall } from './system-calls.js';

/** A call of a process that the file system has not answered. */
export interface WaitingCall {
  /** `rename("/mnt/a", "/mnt/b")`. */
  readonly text: string;
  readonly sinceMs: number;
}

/** A thread as it waits: as long as it is the same, it has not run. */
interface WaitingThread {
  readonly key: string;
  readonly sinceMs: number;
}

/** Locks are waited for on purpose, and the kernel keeps them; what asks the daemon is a wait like any other. */
const LOCK_CALLS: ReadonlySet<string> = new Set(['fcntl', 'flock']);
const ASKS_THE_DAEMON = /\brequest_wait_answer\b/;
const IN_FUSE = /\bfuse_\w+/;

/** Programs of a case are few; a bound for one that forks without end. */
const MOST_PROCESSES = 64;

/** The longest path that a message has. */
const MOST_PATH_BYTES = 512;

/**
 * Watches the threads of a process, and of those that it has started, for calls that a FUSE file system does not answer:
 * by `syscall`, `stack` and the count of context switches in proc(5), which a thread that has not run since does not
 * change. The file system is never asked anything. Where the kernel does not show these (they are root's), nothing waits.
 */
export class CallWatch {
  readonly #pid: number;
  #threads = new Map<number, WaitingThread>();

  constructor(pid: number) {
    this.#pid = pid;
  }

  /** The call that has waited longest, as far as this has looked before. */
  async look(nowMs: number): Promise<WaitingCall | undefined> {
    const waiting = new Map<number, WaitingThread>();
    let longest: { readonly folder: string; readonly sinceMs: number } | undefined;
    for (const folder of await threadsBelow(this.#pid)) {
      const thread = Number(folder.split('/').at(-1));
      const key = await waitOf(folder);
      if (key === undefined) continue;
      const before = this.#threads.get(thread);
      const sinceMs = before?.key === key ? before.sinceMs : nowMs;
      waiting.set(thread, { key, sinceMs });
      if (longest === undefined || sinceMs < longest.sinceMs) longest = { folder, sinceMs };
    }
    this.#threads = waiting;
    if (longest === undefined) return undefined;
    return { text: await describeCall(longest.folder), sinceMs: longest.sinceMs };
  }
}

/** Folders in /proc of the threads of a process and all below it. */
async function threadsBelow(pid: number): Promise<string[]> {
  const found: string[] = [];
  const pids = [pid];
  for (let at = 0; at < pids.length && at < MOST_PROCESSES; at += 1) {
    const tasks = `/proc/${pids[at] ?? 0}/task`;
    for (const thread of await readdir(tasks).catch(() => [])) {
      found.push(`${tasks}/${thread}`);
      const children = await textOf(`${tasks}/${thread}/children`);
      pids.push(...children.split(' ').filter(Boolean).map(Number));
    }
  }
  return found;
}

/** What a thread waits for, different for each wait; `undefined`: for no file system. */
async function waitOf(folder: string): Promise<string | undefined> {
  const stack = await textOf(`${folder}/stack`);
  if (!IN_FUSE.test(stack) && !ASKS_THE_DAEMON.test(stack)) return undefined;
  const call = await textOf(`${folder}/syscall`);
  const { name = '' } = systemCall(Number(call.split(' ')[0])) ?? {};
  if (LOCK_CALLS.has(name) && !ASKS_THE_DAEMON.test(stack)) return undefined;
  const switches = (await textOf(`${folder}/status`)).match(/^(non)?voluntary_ctxt_switches:\s*\d+$/gm) ?? [];
  return [call, ...switches].join(' ');
}

async function describeCall(folder: string): Promise<string> {
  const [number = '', ...rest] = (await textOf(`${folder}/syscall`)).split(' ');
  // proc(5): -1 where the thread waits outside of a call.
  if (number === '-1') return 'an access to a mapped page';
  const call = systemCall(Number(number));
  return call === undefined
    ? `system call ${number}`
    : `${call.name}(${await argumentsOf(folder, call, rest)})`;
}

async function argumentsOf(
  folder: string,
  { shape }: SystemCall,
  values: readonly string[],
): Promise<string> {
  const path = async (at: number): Promise<string> =>
    JSON.stringify(await stringAt(folder, values[at] ?? '0'));
  const descriptor = async (at: number): Promise<string> =>
    JSON.stringify(await readlink(`${folder}/fd/${Number(values[at])}`).catch(() => '?'));
  const below = async (at: number): Promise<string> => {
    const name = await stringAt(folder, values[at + 1] ?? '0');
    return name.startsWith('/') ? JSON.stringify(name) : `${await descriptor(at)}, ${JSON.stringify(name)}`;
  };
  switch (shape) {
    case 'descriptor':
      return descriptor(0);
    case 'path':
      return path(0);
    case 'two-paths':
      return `${await path(0)}, ${await path(1)}`;
    case 'at':
      return below(0);
    case 'two-at':
      return `${await below(0)}, ${await below(2)}`;
  }
}

/** A string of the waiting process; `?` where it can not be read. */
async function stringAt(folder: string, address: string): Promise<string> {
  try {
    const memory = await open(`${folder}/mem`, 'r');
    try {
      const { buffer, bytesRead } = await memory.read(
        Buffer.alloc(MOST_PATH_BYTES),
        0,
        MOST_PATH_BYTES,
        Number(address),
      );
      const end = buffer.indexOf(0);
      return buffer.toString('utf8', 0, end < 0 ? bytesRead : end);
    } finally {
      await memory.close();
    }
  } catch {
    return '?';
  }
}

/** Empty where it can not be read, or its thread is gone. */
async function textOf(path: string): Promise<string> {
  return (await readFile(path, 'latin1').catch(() => '')).trimEnd();
}
