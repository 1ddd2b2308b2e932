import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';
import { Failure } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { RequestCount } from '../report/model.js';
import { countsBetween } from '../report/prices.js';
import type { S3Connection } from '../s3/connection.js';
import { createStore } from '../s3/client.js';
import type { ObjectStore } from '../s3/store.js';
import { startArm, type Arm } from './arm-client.js';
import type { ArmObject, ArmResult } from './arm-protocol.js';
import type { Round } from './blocks.js';
import { deleteKeys, type Cell, type Workspace } from './cells.js';
import { armOf, runsOf, type ArmName } from './arms.js';
import type { RunSample } from './analyze.js';
import type { ExperimentPlan } from './plan.js';
import { besideSmallRequests } from './small-requests.js';
import { hashFile, hashObject } from './verify.js';

/** What all rounds share. */
export interface RoundContext {
  readonly plan: ExperimentPlan;
  readonly connection: S3Connection;
  /** Empty where the server does not tell. */
  requestCounts(): Promise<RequestCount[]>;
  readonly store: ObjectStore;
  readonly workspace: Workspace;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** The processes of one round. */
type ArmSet = Round<Cell, ArmName, RunSample>;

/** Starts one process per arm; they load at the same time, which is over before anything is timed. */
export async function startArms(context: RoundContext): Promise<ArmSet> {
  const { plan, connection, store, workspace, signal, log } = context;
  const started = await Promise.allSettled(
    runsOf(plan.arms).map(async (name) => {
      const settings = {
        arm: armOf(name),
        connection,
        bucket: store.bucket,
        transfer: plan.transfer,
        warmKey: workspace.warmKey,
        home: await mkdtemp(join(workspace.folder, 'home-')),
      };
      return { name, arm: await startArm(settings, signal, log) };
    }),
  );
  const arms = new Map<ArmName, Arm>();
  for (const result of started) {
    if (result.status === 'fulfilled') arms.set(result.value.name, result.value.arm);
  }
  const stop = async () => {
    await Promise.all([...arms.values()].map((arm) => arm.stop()));
  };
  const failed = started.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw Failure.from(failed.reason);
  }
  const run: ArmSet['run'] = (name, cell, block, order) => {
    const arm = arms.get(name);
    if (arm === undefined) throw new Failure('internal', `The arm ${name} was not started`);
    return runOnce(context, arm, { name, cell, block, order });
  };
  return { run, stop };
}

interface RunPlace {
  readonly name: ArmName;
  readonly cell: Cell;
  readonly block: number;
  readonly order: number;
}

/** One timed run, then the comparison of its bytes, then the removal of what it made. */
async function runOnce(context: RoundContext, arm: Arm, place: RunPlace): Promise<RunSample> {
  const { workspace, signal, log } = context;
  const { cell, name, block, order } = place;
  const objects = objectsOf(workspace, cell, name);
  try {
    const asked = await context.requestCounts();
    const before = await readCpuTicks();
    const result = await runBeside(context, () =>
      arm.run({ operation: cell.operation, objects }, timeoutMs(cell.sizeBytes, cell.files.length)),
    );
    const steal = stealShare(before, await readCpuTicks());
    const served = countsBetween(asked, await context.requestCounts());
    const verified = result.bytes === cell.sizeBytes && (await verify(context, cell, objects));
    if (!verified)
      log.error({ cell: cell.id, arm: name, block }, 'the bytes that arrived are not those that were sent');
    return {
      sample: { block, order, ...result, verified, ...(steal === undefined ? {} : { steal }) },
      served,
    };
  } finally {
    await discard(context, cell, objects);
    signal.throwIfAborted();
  }
}

/** Alone, or beside the small requests of somebody else, whose latencies then are part of the sample. */
async function runBeside(context: RoundContext, run: () => Promise<ArmResult>) {
  const { plan, connection, store, workspace } = context;
  if (!plan.smallRequestsBeside) return run();
  // A client of its own, without retries: what is asked again is no longer one latency.
  const other = createStore(connection, store.bucket);
  try {
    const { result, latenciesMs } = await besideSmallRequests(other, workspace.warmKey, run);
    return { ...result, besideMs: latenciesMs };
  } finally {
    other.close();
  }
}

/** Uploads read the source files and write keys of their own; downloads read the source objects. */
function objectsOf(workspace: Workspace, cell: Cell, arm: ArmName): ArmObject[] {
  return cell.files.map((file, index) =>
    cell.operation === 'upload'
      ? { key: `${workspace.prefix}upload/${arm}/${index}`, path: file.path }
      : { key: file.sourceKey, path: join(workspace.folder, `download-${arm}-${index}`) },
  );
}

async function verify(context: RoundContext, cell: Cell, objects: readonly ArmObject[]): Promise<boolean> {
  const { store, signal } = context;
  const limit = pLimit(8);
  const checks = cell.files.map((file, index) =>
    limit(async () => {
      const moved = objects[index];
      if (moved === undefined) return false;
      const found =
        cell.operation === 'upload'
          ? await hashObject(store, moved.key, file.sizeBytes, signal)
          : await hashFile(moved.path, signal);
      return found === file.sha256;
    }),
  );
  return (await Promise.all(checks)).every(Boolean);
}

async function discard(context: RoundContext, cell: Cell, objects: readonly ArmObject[]): Promise<void> {
  if (cell.operation === 'upload') {
    await deleteKeys(
      context.store,
      objects.map(({ key }) => key),
      context.log,
    );
  } else {
    await Promise.all(objects.map(({ path }) => rm(path, { force: true })));
  }
}

/** A minute, a second for each file, and what 50 kB/s need: slower is a hang. */
function timeoutMs(sizeBytes: number, files: number): number {
  return 60_000 + 1000 * files + sizeBytes / 50;
}

interface CpuTicks {
  readonly total: number;
  readonly steal: number;
}

/** First line of /proc/stat: user nice system idle iowait irq softirq steal, proc(5). */
async function readCpuTicks(): Promise<CpuTicks | undefined> {
  const text = await readFile('/proc/stat', 'utf8').catch(() => '');
  const fields = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').slice(0, 8).map(Number);
  if (fields === undefined) return undefined;
  return { total: fields.reduce((sum, value) => sum + value, 0), steal: fields[7] ?? 0 };
}

function stealShare(before: CpuTicks | undefined, after: CpuTicks | undefined): number | undefined {
  if (before === undefined || after === undefined || after.total <= before.total) return undefined;
  return (after.steal - before.steal) / (after.total - before.total);
}
