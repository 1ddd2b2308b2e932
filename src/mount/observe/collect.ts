import { readdir } from 'node:fs/promises';
import type { FileSystemState } from '../../fs/inspect.js';
import type { RequestCount } from '../../report/model.js';
import type { ConnectionCounts } from '../../s3/sockets/meter.js';
import { sourceOf, type MountPlan } from '../plan.js';
import type { OperationLog } from './operations.js';
import { listRecovered } from './recovery.js';
import type { MountStatus } from './status.js';
import type { StoreHealth } from './store.js';

/** Where the facts of a status come from. */
export interface Observed {
  readonly operations: OperationLog;
  readonly cacheFolder: string;
  fileSystem(): FileSystemState;
  storeHealth(): StoreHealth;
  storeRequests(): RequestCount[];
  storeConnections(): ConnectionCounts;
  retries(): number;
}

/** The state of this process's mount at this moment. */
export async function collectStatus(
  plan: MountPlan,
  observed: Observed,
  metricsUrl?: string,
): Promise<MountStatus> {
  const { connection, config, mountPoint, bucket, prefix } = plan;
  const { cache, ...files } = observed.fileSystem();
  const uptimeMs = process.uptime() * 1000;
  return {
    state: 'running',
    mountPoint,
    source: sourceOf(plan),
    bucket,
    prefix,
    ...(connection.endpoint !== undefined && { endpoint: connection.endpoint }),
    region: connection.region,
    binding: config.mount.binding,
    readOnly: config.mount.readOnly,
    pid: process.pid,
    startedAt: timestamp(Date.now() - uptimeMs),
    uptimeMs,
    rssBytes: process.memoryUsage.rss(),
    descriptors: (await readdir('/proc/self/fd')).length,
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    openRequests: [...observed.operations.open()],
    operations: [...observed.operations.counts()],
    files,
    cache,
    store: storeStatus(observed),
    cacheFolder: observed.cacheFolder,
    ...(plan.logFile !== undefined && { logFile: plan.logFile }),
    ...(metricsUrl !== undefined && { metricsUrl }),
    recovery: [...(await listRecovered(observed.cacheFolder))],
  };
}

/** One line for a service manager. */
export function summary(plan: MountPlan, observed: Observed): string {
  const { dirtyFiles, openFiles } = observed.fileSystem();
  const { failingSinceMs } = observed.storeHealth();
  const store =
    failingSinceMs === undefined ? 'answers' : `has not answered since ${timestamp(failingSinceMs)}`;
  return `${sourceOf(plan)} on ${plan.mountPoint}: the store ${store}, ${openFiles} files open, ${dirtyFiles} unsaved`;
}

function storeStatus(observed: Observed): MountStatus['store'] {
  const { lastAnswerMs, lastFailure, failingSinceMs } = observed.storeHealth();
  const unused = lastAnswerMs === undefined && failingSinceMs === undefined;
  return {
    state: unused ? 'unused' : failingSinceMs === undefined ? 'answering' : 'failing',
    requests: observed.storeRequests(),
    connections: connectionStatus(observed.storeConnections()),
    retries: observed.retries(),
    ...(lastAnswerMs !== undefined && { lastAnswerAt: timestamp(lastAnswerMs) }),
    ...(failingSinceMs !== undefined && { failingSince: timestamp(failingSinceMs) }),
    ...(lastFailure !== undefined && { lastFailure: describeFailure(lastFailure) }),
  };
}

function connectionStatus({ opened, reused, open }: ConnectionCounts): MountStatus['store']['connections'] {
  return {
    opened,
    reused,
    open: open.map(({ address, ...counts }) => ({ ...(address !== undefined && { address }), ...counts })),
  };
}

function describeFailure({ atMs, ...rest }: NonNullable<StoreHealth['lastFailure']>) {
  return { at: timestamp(atMs), ...rest };
}

function timestamp(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
