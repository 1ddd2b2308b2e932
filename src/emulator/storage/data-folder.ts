import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Failure, usageError } from '../../errors/failure.js';

const MARKER = 'objectfs-data.json';
const LOCK = 'lock';
const FORMAT = 1;

/** The parts of a data folder, all absolute. */
export interface DataFolder {
  readonly root: string;
  /** Content, in 256 folders. */
  readonly blobs: string;
  /** One folder per bucket. */
  readonly buckets: string;
  /** Files that are being written, and folders on their way out; emptied when the folder is opened. */
  readonly scratch: string;
  /** Gives the folder free for another server. */
  close(): Promise<void>;
}

/** Folders that this process has open: its own lock file would not stop it. */
const openHere = new Set<string>();

/**
 * Opens or makes a data folder.
 *
 * @throws Failure `usage` where the path is no folder, holds other things, was written by a newer release, or is in
 * use by a running server.
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const root = resolve(path);
  if (openHere.has(root)) throw inUse(root, process.pid);
  await refuseForeign(root);
  await lock(root);
  openHere.add(root);
  try {
    await checkFormat(root);
    const folder = {
      blobs: join(root, 'blobs'),
      buckets: join(root, 'buckets'),
      scratch: join(root, 'scratch'),
    };
    await rm(folder.scratch, { recursive: true, force: true });
    for (const part of Object.values(folder)) await mkdir(part, { recursive: true });
    return {
      root,
      ...folder,
      close: async () => {
        await leave(root);
      },
    };
  } catch (error) {
    await leave(root);
    throw error;
  }
}

/** A lock alone is what is left of a server that died while it made the folder. */
async function refuseForeign(root: string): Promise<void> {
  const names = await listFolder(root);
  if (names.includes(MARKER) || names.every((name) => name === LOCK)) return;
  throw usageError(
    `${root} holds other files and is not a data folder of the embedded server`,
    'Name an empty or a new folder',
    root,
  );
}

async function checkFormat(root: string): Promise<void> {
  const path = join(root, MARKER);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) {
    await writeFile(path, `${JSON.stringify({ product: 'objectfs', format: FORMAT })}\n`);
  } else if (!text.includes(`"format":${FORMAT}`)) {
    throw usageError(
      `${root} was written in another format: ${text.trim()}`,
      'Use the release that wrote it, or an empty folder',
      root,
    );
  }
}

async function listFolder(root: string): Promise<readonly string[]> {
  try {
    await mkdir(root, { recursive: true });
    return await readdir(root);
  } catch (error) {
    const code = codeOf(error);
    const message =
      code === 'EEXIST' || code === 'ENOTDIR'
        ? `${root} is not a folder`
        : `${root} can not be used: ${code}`;
    throw new Failure('usage', message, {
      subject: root,
      remedy: 'Name an empty or a new folder that you may write to',
      cause: error,
    });
  }
}

/** The lock names its process by id and start time, so that a reused id does not keep a dead lock alive. */
async function lock(root: string): Promise<void> {
  const path = join(root, LOCK);
  const mine = `${process.pid} ${await startTimeOf(process.pid)}\n`;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(mine);
      await file.close();
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const [pid = '', started = ''] = (await readFile(path, 'utf8').catch(() => '')).trim().split(' ');
    const running = pid === '' ? '' : await startTimeOf(Number(pid));
    if (running !== '' && running === started) throw inUse(root, Number(pid));
    await rm(path, { force: true });
  }
  throw inUse(root, 0);
}

/** Field 22 of proc_pid_stat(5), in clock ticks since boot; empty where the process is not there. */
async function startTimeOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the name in parentheses and may hold spaces.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function leave(root: string): Promise<void> {
  await rm(join(root, LOCK), { force: true });
  openHere.delete(root);
}

function inUse(root: string, pid: number): Failure {
  return usageError(
    `${root} is in use by the server with process id ${pid}`,
    'Stop it, or name another folder',
    root,
  );
}

/** Writes a small file so that readers and a restart see it whole or not at all. */
export async function writeWhole(folder: DataFolder, path: string, text: string): Promise<void> {
  const scratch = scratchPath(folder);
  await writeFile(scratch, text);
  await rename(scratch, path);
}

export function scratchPath(folder: DataFolder): string {
  return join(folder.scratch, randomBytes(12).toString('hex'));
}

/** The error code of node:fs; by shape and not by class, as the error may come from another realm. */
export function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return 'unknown';
  return String(error.code);
}
