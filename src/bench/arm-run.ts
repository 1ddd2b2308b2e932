import { readFile, writeFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pLimit from 'p-limit';
import { Failure } from '../errors/failure.js';
import { createStore } from '../s3/client.js';
import { connectionForTransfers, type S3Connection } from '../s3/connection.js';
import { loadSdk } from '../s3/sdk.js';
import { createTransporter } from '../transfer/create.js';
import type { Transporter, TransferSummary } from '../transfer/transporter.js';
import type { ArmJob, ArmResult, ArmSettings } from './arm-protocol.js';
import { isController, isProgram, type ControllerArm, type ProgramArm, type TransporterArm } from './arms.js';
import { countConnections } from './connection-counts.js';
import { copyCommand } from './programs/commands.js';
import { runProgramArm } from './programs/run-program.js';

/** Loads what takes long, before anything is timed: modules, and what the SDK loads at its first request. */
export async function loadArm(settings: ArmSettings): Promise<void> {
  if (isProgram(settings.arm)) return; // its start is timed
  const connection = armConnection(settings);
  // What the lean client does not use takes a second of two cores that all arms share while they start.
  if (connection.client !== 'lean') await loadSdk();
  if (settings.arm === 'sdk') await import('@aws-sdk/lib-storage');
  const store = createStore(connection, settings.bucket);
  try {
    await store.head(settings.warmKey);
  } finally {
    store.close();
  }
}

/**
 * One timed run with a client of its own, which has no open connection: connection set-up is part of what users
 * wait for, and so is disk I/O.
 */
export async function runArmJob(settings: ArmSettings, job: ArmJob): Promise<ArmResult> {
  const { arm } = settings;
  return isProgram(arm) ? runProgramJob(arm, settings, job) : runTransporterJob(arm, settings, job);
}

async function runProgramJob(arm: ProgramArm, settings: ArmSettings, job: ArmJob): Promise<ArmResult> {
  const [object, ...others] = job.objects;
  if (object === undefined || others.length > 0) {
    throw new Failure('internal', `The arm ${arm} moves one object in a run, not ${job.objects.length}`);
  }
  return runProgramArm(copyCommand(arm, { ...settings, operation: job.operation, object }), object.path);
}

async function runTransporterJob(
  arm: TransporterArm | ControllerArm,
  settings: ArmSettings,
  job: ArmJob,
): Promise<ArmResult> {
  const own = armConnection(settings);
  const store = createStore(own, settings.bucket);
  const { connection } = settings;
  const transporter = isController(arm)
    ? createTransporter('optimized', store, { ...settings.transfer, congestion: arm }, { connection })
    : createTransporter(arm, store, settings.transfer, { connection });
  try {
    collectGarbage();
    await resetPeakRss();
    const cpuBefore = process.cpuUsage();
    const startedMs = performance.now();
    const { result: summaries, connections } = await countConnections(() => moveAll(transporter, job));
    const elapsedMs = performance.now() - startedMs;
    const cpu = process.cpuUsage(cpuBefore);
    return {
      elapsedMs,
      cpuMs: (cpu.user + cpu.system) / 1000,
      peakRssBytes: await peakRssBytes(),
      ...addUp(summaries),
      // Threads have connections of their own, which nobody counts.
      ...((own.transferWorkers ?? 0) > 0 ? {} : { connections }),
    };
  } finally {
    store.close();
  }
}

/** The baselines are the AWS SDK's, whatever the configuration says of the optimized way. */
function armConnection({ arm, transfer, connection }: ArmSettings): S3Connection {
  return arm === 'optimized' || isController(arm)
    ? connectionForTransfers(connection, transfer)
    : { ...connection, client: 'sdk' };
}

/** Objects of one job that are moved side by side, by every arm alike: what copy tools do with a folder. */
const OBJECTS_AT_ONCE = 4;

async function moveAll(transporter: Transporter, job: ArmJob): Promise<TransferSummary[]> {
  const limit = pLimit(OBJECTS_AT_ONCE);
  return Promise.all(
    job.objects.map(({ key, path }) =>
      limit(async (): Promise<TransferSummary> => {
        const file = { kind: 'file', path } as const;
        return job.operation === 'upload' ? transporter.upload(key, file) : transporter.download(key, file);
      }),
    ),
  );
}

function addUp(
  summaries: readonly TransferSummary[],
): Pick<ArmResult, 'bytes' | 'requests' | 'retries' | 'hedges' | 'fallback'> {
  const sum = (pick: (summary: TransferSummary) => number) =>
    summaries.reduce((total, summary) => total + pick(summary), 0);
  const fallback = summaries.find((summary) => summary.fallback !== undefined)?.fallback;
  return {
    bytes: sum((summary) => summary.sizeBytes),
    requests: sum((summary) => summary.requests),
    retries: sum((summary) => summary.retries),
    hedges: {
      sent: sum((summary) => summary.hedged),
      won: sum((summary) => summary.hedgeWins),
      cancelled: sum((summary) => summary.hedgesCancelled),
    },
    ...(fallback === undefined ? {} : { fallback: fallback.reason }),
  };
}

/**
 * Buffers that an earlier cell has left are neither freed on the clock of this one nor counted into its peak. V8 hands its
 * collector out only to contexts that are made after the flag is set.
 */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)(); // the function that the flag adds
}

/** proc(5): writing 5 to clear_refs sets the peak (VmHWM) back to what is resident now. */
async function resetPeakRss(): Promise<void> {
  await writeFile('/proc/self/clear_refs', '5').catch(() => undefined);
}

/** Peak since {@link resetPeakRss}; since the start of the process where there is no /proc. */
async function peakRssBytes(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return (kib === undefined ? process.resourceUsage().maxRSS : Number(kib)) * 1024;
}
