import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../errors/failure.js';
import type { Progress } from '../log/progress.js';
import type { Ledger } from './ledger.js';
import { mountsBelow } from './mounts.js';
import { identifyProcess, type ProcessIdentity } from './processes.js';
import { newRunId } from './run-id.js';
import type { TargetRecorder } from './targets/target.js';

/** One run: its id, its folder, and its lines in the ledger. */
export interface RunScope {
  readonly runId: string;
  readonly startedAtMs: number;
  /**
   * For everything that the run needs on the local disk; removed at the end. Mode 0711: cases that act as another user
   * go through it to the target, but can not list it; files with credentials are 0600.
   */
  readonly folder: string;
  readonly ledger: Ledger;
  readonly record: TargetRecorder & {
    worker(pid: number): Promise<void>;
    emulator(pid: number): Promise<void>;
  };
  /**
   * Removes the folder and closes the run in the ledger, or says there what is left. Never throws.
   *
   * @returns One line for the user for each thing that is left.
   */
  close(): Promise<readonly string[]>;
}

/**
 * Opens a run: the ledger knows it before anything is made.
 *
 * @throws Failure `access-denied` where ledger or temporary folder can not be written.
 */
export async function openRun(ledger: Ledger): Promise<RunScope> {
  const runId = newRunId();
  const folder = join(tmpdir(), `objectfs-${runId}`);
  const runner = await identifyProcess(process.pid);
  if (runner === undefined) {
    throw new Failure('unsupported', 'This machine has no /proc', {
      remedy: 'Run the harness on Linux with /proc mounted',
    });
  }
  await ledger.append({ line: 'run', runId, runner, folder });
  await mkdir(folder, { mode: 0o711 });
  return {
    runId,
    startedAtMs: Date.now(),
    folder,
    ledger,
    record: recorder(ledger, runId),
    close: () => closeRun(ledger, runId, folder),
  };
}

function recorder(ledger: Ledger, runId: string): RunScope['record'] {
  const note = async (role: 'daemon' | 'worker' | 'emulator', process: ProcessIdentity | undefined) => {
    if (process !== undefined) await ledger.append({ line: 'process', runId, role, process });
  };
  return {
    mount: (mountPoint) => ledger.append({ line: 'mount', runId, mountPoint }),
    folder: (folder) => ledger.append({ line: 'folder', runId, folder }),
    daemon: (process) => note('daemon', process),
    worker: async (pid) => note('worker', await identifyProcess(pid)),
    emulator: async (pid) => note('emulator', await identifyProcess(pid)),
  };
}

/** Closes a run and tells its user what is left of it. Never throws. */
export async function closeAndTell(scope: RunScope, progress: Progress): Promise<void> {
  progress.end();
  for (const line of await scope.close()) progress.note(line);
}

async function closeRun(ledger: Ledger, runId: string, folder: string): Promise<readonly string[]> {
  const left = await leftBuckets(ledger, runId);
  try {
    const [mount] = await mountsBelow(folder);
    // A removal would go through the mount to the bucket.
    if (mount !== undefined) throw new Failure('busy', `${mount.mountPoint} is still mounted`);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    await ledger.append({ line: 'run-closed', runId, reason: 'the run ended and removed what it had made' });
  } catch (reason) {
    const { message } = Failure.from(reason);
    // The entry stays open without this line: a sweep finds the folder all the same.
    await ledger.append({ line: 'run-left', runId, reason: message }).catch(() => undefined);
    left.push(`The folder ${folder} is left (${message}). Remove it with: objectfs buckets sweep`);
  }
  return left;
}

async function leftBuckets(ledger: Ledger, runId: string): Promise<string[]> {
  const runs = await ledger.runs().catch(() => []);
  const buckets = runs.find((run) => run.runId === runId)?.buckets ?? [];
  return buckets
    .filter(({ state }) => state !== 'gone')
    .map(({ bucket, endpoint, reason }) => {
      const why = reason === undefined ? '' : ` (${reason})`;
      return `The bucket ${bucket} at ${endpoint} is left${why}. Remove it with: objectfs buckets sweep`;
    });
}
