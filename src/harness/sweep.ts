import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { deadline } from '../errors/deadline.js';
import { Failure } from '../errors/failure.js';
import { createBucketAdmin } from '../s3/admin.js';
import type { S3Connection } from '../s3/connection.js';
import { cleanUpBucket } from './buckets.js';
import { endpointName } from './endpoint-name.js';
import { Ledger, listLedger } from './ledger.js';
import type { BucketEntry, RunEntry } from './ledger-line.js';
import { mountsBelow, releaseHard } from './mounts.js';
import { endProcess, isAlive } from './processes.js';

const BUCKET_LIMIT_MS = 300_000;

/** What a sweep did for one run. */
export interface SweptRun {
  readonly runId: string;
  /** `running`: its runner is alive, nothing was touched. */
  readonly state: 'running' | 'clean' | 'left';
  /** One line per thing that was removed or found gone. */
  readonly done: readonly string[];
  /** One line per thing that is still there, with the reason. */
  readonly left: readonly string[];
}

/**
 * Removes what dead runs have left: mounts, daemons, suite processes, embedded servers, buckets, folders. A run whose
 * runner is alive is not touched; a process is ended only where its start time is that of the ledger.
 *
 * @param connection - For the buckets at its endpoint; those at other endpoints stay, with a line that says so.
 * @throws the signal's reason when it fires; what was done until then is in the ledger.
 */
export async function sweep(
  connection: S3Connection,
  signal: AbortSignal,
  ledger: Ledger = new Ledger(),
): Promise<readonly SweptRun[]> {
  const swept: SweptRun[] = [];
  for (const run of await listLedger(ledger)) {
    signal.throwIfAborted();
    swept.push(await sweepRun(run, connection, ledger, signal));
  }
  return swept;
}

async function sweepRun(
  run: RunEntry,
  connection: S3Connection,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<SweptRun> {
  const { runId } = run;
  if (await isAlive(run.runner)) return { runId, state: 'running', done: [], left: [] };
  const done: string[] = [];
  const left: string[] = [];
  const attempt = async (what: string, work: () => Promise<string | undefined>): Promise<void> => {
    try {
      const said = await work();
      if (said !== undefined) done.push(said);
    } catch (reason) {
      signal.throwIfAborted();
      left.push(`${what}: ${Failure.from(reason).toLine()}`);
    }
  };
  // Mounts first: a process in a call on a dead mount can not be ended before.
  for (const path of run.mountPoints) await attempt(`mount ${path}`, () => sweepMount(path));
  for (const entry of run.processes) {
    const what = `${entry.role} ${entry.process.pid}`;
    await attempt(what, () => sweepProcess(what, entry.process));
  }
  for (const bucket of run.buckets.filter((entry) => entry.state !== 'gone')) {
    await attempt(`bucket ${bucket.bucket}`, () => sweepBucket(bucket, connection, ledger, signal));
  }
  for (const folder of run.folders) await attempt(`folder ${folder}`, () => sweepFolder(folder, runId));
  await closeEntry(run, left, ledger);
  return { runId, state: left.length === 0 ? 'clean' : 'left', done, left };
}

async function sweepMount(path: string): Promise<string | undefined> {
  if ((await mountsBelow(path)).length === 0) return undefined;
  await releaseHard(path);
  return `mount ${path} released`;
}

async function sweepProcess(
  what: string,
  process: { readonly pid: number; readonly startTicks: number },
): Promise<string | undefined> {
  if (!(await isAlive(process))) return undefined;
  if (await endProcess(process)) return `${what} ended`;
  throw new Failure('busy', 'the process does not end');
}

async function sweepBucket(
  entry: BucketEntry,
  connection: S3Connection,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<string> {
  const { runId, bucket } = entry;
  if (entry.emulator !== undefined) {
    // The run's processes are ended by now, this server with them.
    const reason = `the embedded server at ${entry.endpoint} has ended, and the bucket with it`;
    await ledger.append({ line: 'bucket-gone', runId, bucket, reason });
    return `bucket ${bucket}: ${reason}`;
  }
  const present = connectionFor(entry, connection);
  if (present === undefined) {
    throw new Failure('unreachable', `it is at ${entry.endpoint}`, { remedy: remedyFor(entry) });
  }
  const admin = createBucketAdmin(present);
  try {
    const limit = deadline(BUCKET_LIMIT_MS, signal);
    const result = await cleanUpBucket(admin, ledger, bucket, entry.endpoint, limit);
    if (!result.proven) throw new Failure('bucket-not-empty', result.problem ?? 'it is still there');
    return `bucket ${bucket} removed with ${result.removedObjects} objects and ${result.removedUploads} uploads`;
  } finally {
    admin.close();
  }
}

/** The present connection where it leads to the endpoint of the entry; AWS is one place with many regions. */
function connectionFor(entry: BucketEntry, connection: S3Connection): S3Connection | undefined {
  if (entry.endpoint === endpointName(connection)) return { ...connection, region: entry.region };
  const isAws = entry.endpoint.startsWith('aws:') && connection.endpoint === undefined;
  return isAws ? { ...connection, region: entry.region } : undefined;
}

function remedyFor(entry: BucketEntry): string {
  return entry.endpoint.startsWith('aws:')
    ? 'Sweep again without --endpoint, with the credentials of that account'
    : `Sweep again with --endpoint ${entry.endpoint} and its credentials`;
}

/** Only a folder that bears the run's id, and only without a mount below it: a removal would go through to the bucket. */
async function sweepFolder(folder: string, runId: string): Promise<string | undefined> {
  if (!basename(folder).endsWith(runId)) throw new Failure('not-owned', 'it does not bear the id of the run');
  const mounts = await mountsBelow(folder);
  if (mounts.length > 0) throw new Failure('busy', 'something is still mounted below it');
  await rm(folder, { recursive: true, force: true });
  return undefined;
}

async function closeEntry(run: RunEntry, left: readonly string[], ledger: Ledger): Promise<void> {
  const { runId } = run;
  if (left.length === 0) await ledger.append({ line: 'run-closed', runId, reason: 'swept' });
  else await ledger.append({ line: 'run-left', runId, reason: left.join('; ') });
}
