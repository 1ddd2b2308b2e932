import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { compiledModule } from '../../config/paths.js';
import { Ledger, listLedger } from '../../harness/ledger.js';
import { mountsBelow } from '../../harness/mounts.js';

/** How long a command of these tests may take on a busy machine. */
const COMMAND_LIMIT_MS = 90_000;

/** A home, a state folder and a working directory for one command: what it leaves is seen in them. */
export interface Place {
  readonly folder: string;
  readonly work: string;
  readonly ledger: Ledger;
  /** What a shell of this place has in its environment: no AWS variable, no ObjectFS setting. */
  readonly environment: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

export async function makePlace(): Promise<Place> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'objectfs-cli-')));
  const at = (name: string): string => join(folder, name);
  for (const name of ['home', 'tmp', 'work']) await mkdir(at(name));
  return {
    folder,
    work: at('work'),
    ledger: new Ledger(at('state/ledger.jsonl')),
    environment: {
      PATH: process.env['PATH'] ?? '',
      HOME: at('home'),
      TMPDIR: at('tmp'),
      OBJECTFS_STATE_DIR: at('state'),
      AWS_EC2_METADATA_DISABLED: 'true', // no network but loopback
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** User and group of the process. */
  readonly uid?: number;
  /** A process group of its own, which a signal can be sent to as a terminal does. */
  readonly group?: boolean;
}

/** Starts `objectfs` as a shell would, at a place. */
export function startObjectfs(place: Place, args: readonly string[], options: CommandOptions = {}) {
  const { environment = {}, uid, group = false } = options;
  return execa(process.execPath, [compiledModule('src/cli/main.js'), ...args], {
    cwd: place.work,
    env: { ...place.environment, ...environment },
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: COMMAND_LIMIT_MS,
    detached: group,
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
}

/** What a command left behind at its place; empty lists where nothing. */
export interface Leftovers {
  readonly mounts: readonly string[];
  /** Command lines of processes that bear the place in their environment. */
  readonly processes: readonly string[];
  /** Runs of the ledger that are not closed, or whose buckets are not proven gone. */
  readonly runs: readonly string[];
  /** Files below home, temporary and working directory; in the last also folders. */
  readonly files: readonly string[];
}

export const NOTHING_LEFT: Leftovers = { mounts: [], processes: [], runs: [], files: [] };

/** @param known - Names in the working directory that the test itself has made. */
export async function leftoversAt(place: Place, known: readonly string[] = []): Promise<Leftovers> {
  const mounts = (await mountsBelow(place.folder)).map((mount) => mount.mountPoint);
  const runs = (await listLedger(place.ledger)).map((run) => run.runId);
  const made = (await readdir(place.work)).filter((name) => !known.includes(name));
  const hidden = [
    ...(await filesBelow(join(place.folder, 'home'))),
    ...(await readdir(join(place.folder, 'tmp'))),
  ];
  return { mounts, processes: await processesOf(place), runs, files: [...made, ...hidden] };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

async function processesOf(place: Place): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (!environment.includes(`${place.folder}/`)) continue;
    found.push((await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' '));
  }
  return found.filter((line) => line !== '');
}

/** Looks again and again until `look` answers with something; fails with `what` after two minutes. */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadlineMs = performance.now() + 120_000;
  while (performance.now() < deadlineMs) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await delay(20);
  }
  throw new Error(`Waited in vain: ${what}`);
}

/** URLs of all modules, Node's own included, that a process loaded which ran with NODE_V8_COVERAGE=`folder`. */
export async function loadedModules(folder: string): Promise<readonly string[]> {
  const [name = ''] = await readdir(folder);
  const text = await readFile(join(folder, name), 'utf8');
  return [...text.matchAll(/"url":"([^"]+)"/g)].map(([, url = '']) => url);
}
