import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../errors/failure.js';
import { codeOf } from './private-folder.js';

const LOCK_FILE = 'lock';
/** Two seconds in sum, for what others do in a few system calls. */
const TRIES = 100;
const PAUSE_MS = 20;
let attempts = 0;

/**
 * One process at a time in a folder. The lock file names the holder by process id and start time, so that the lock of
 * a process that is gone is taken over, also where its number was given out again.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #path: string;
  #held = false;

  constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, LOCK_FILE);
  }

  /** @throws Failure `busy` where a live process, or this one, holds the folder. */
  async take(): Promise<void> {
    attempts += 1;
    const mine = `${this.#path}.${process.pid}-${attempts}`;
    await writeFile(mine, identityOf(process.pid) ?? String(process.pid), { mode: 0o600 });
    try {
      this.#held = await takeLock(this.#folder, this.#path, mine);
    } finally {
      await rm(mine, { force: true });
    }
    if (!this.#held) throw inUse(this.#folder, 'other processes');
  }

  /** Does nothing where the lock was not taken. */
  async release(): Promise<void> {
    if (!this.#held) return;
    this.#held = false;
    await rm(this.#path, { force: true });
  }
}

/** link(2) makes the lock appear with its content, or not at all. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (reason) {
    if (codeOf(reason) === 'EEXIST') return false;
    throw reason;
  }
}

/** @throws Failure `busy` where a live process holds it. */
async function takeLock(folder: string, path: string, mine: string): Promise<boolean> {
  for (let tries = TRIES; tries > 0; tries -= 1) {
    if (await linked(mine, path)) return true;
    const holder = await liveHolder(path);
    if (holder !== undefined) throw inUse(folder, `process ${holder}`);
    if (!(await removeStale(path, mine))) await delay(PAUSE_MS);
  }
  return false;
}

/**
 * Removes a lock whose holder is gone. Only who holds the lock beside it may do that: what it has found stale is then still
 * the same when it is removed, and not the fresh lock of another one. That lock may be stale in its turn.
 *
 * @returns Whether it was this one's to look; `false`: another one is at it.
 */
async function removeStale(path: string, mine: string): Promise<boolean> {
  const right = `${path}.removing`;
  if (!(await linked(mine, right))) {
    if ((await liveHolder(right)) === undefined) return await removeStale(right, mine);
    return false;
  }
  try {
    if ((await liveHolder(path)) === undefined) await rm(path, { force: true });
    return true;
  } finally {
    await rm(right, { force: true });
  }
}

/** Process id of a live process that a lock names. */
async function liveHolder(path: string): Promise<number | undefined> {
  const holder = await contentOf(path);
  const pid = Number(holder?.split(' ')[0]);
  return holder !== undefined && identityOf(pid) === holder ? pid : undefined;
}

async function contentOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (reason) {
    if (codeOf(reason) === 'ENOENT') return undefined;
    throw reason;
  }
}

/** Process id and start time in clock ticks since boot (proc(5), field 22 of stat), with the boot it counts from. */
function identityOf(pid: number): string | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${pid} ${fields[19] ?? ''} ${boot}`;
  } catch {
    return undefined;
  }
}

function inUse(folder: string, holder: string): Failure {
  return new Failure('busy', `The cache folder ${folder} is used by ${holder}`, {
    subject: folder,
    remedy: 'Unmount the other one first, or name another --cache-dir',
  });
}
