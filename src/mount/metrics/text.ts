import type { MountStatus } from '../observe/status.js';

/** Content-Type of the text format (Prometheus, "Exposition formats"). */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** The counters and gauges of a mount in the Prometheus text format. */
export function metricsText(status: MountStatus): string {
  return [
    ...mountMetrics(status),
    ...operationMetrics(status),
    ...cacheMetrics(status),
    ...storeMetrics(status),
  ].join('');
}

function mountMetrics(status: MountStatus): string[] {
  const { source, mountPoint, endpoint = 'aws', region, binding, files, recovery, openRequests } = status;
  const labels = { source, mount_point: mountPoint, endpoint, region, binding };
  const recovered = recovery.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return [
    gauge('objectfs_mount_info', 'What is mounted where; always 1', [[labels, 1]]),
    one('objectfs_uptime_seconds', 'Age of the daemon', status.uptimeMs / 1000),
    one('process_resident_memory_bytes', 'Resident memory of the daemon', status.rssBytes),
    one('process_open_fds', 'Open descriptors of the daemon', status.descriptors),
    one('objectfs_timers', 'Timers of the daemon that are set', status.timers),
    one('objectfs_open_requests', 'Requests of the kernel that wait for their answer', openRequests.length),
    one('objectfs_oldest_request_seconds', 'Age of the oldest of them', (openRequests[0]?.ageMs ?? 0) / 1000),
    one('objectfs_inodes', 'Inodes in memory', files.inodes),
    one('objectfs_open_files', 'Open descriptors of files', files.openFiles),
    one('objectfs_open_directories', 'Open descriptors of directories', files.openDirectories),
    one('objectfs_dirty_files', 'Files with bytes that S3 does not hold yet', files.dirtyFiles),
    one('objectfs_dirty_bytes', 'Sizes of these files in sum', files.dirtyBytes),
    one('objectfs_recovery_files', 'Files in the recovery folder', recovery.length),
    one('objectfs_recovery_bytes', 'Sizes of these files in sum', recovered),
  ];
}

function operationMetrics({ operations }: MountStatus): string[] {
  const errors = operations.flatMap(({ operation, errors: byErrno }) =>
    Object.entries(byErrno).map(([errno, count]): Sample => [{ operation, errno }, count]),
  );
  return [
    counter(
      'objectfs_operations_total',
      'Requests of the kernel that were answered',
      operations.map(({ operation, count }) => [{ operation }, count]),
    ),
    counter('objectfs_operation_errors_total', 'Answers that were errors', errors),
    counter(
      'objectfs_operation_seconds_total',
      'Time from request to answer in sum',
      operations.map(({ operation, totalMs }) => [{ operation }, totalMs / 1000]),
    ),
  ];
}

/** What is held or allowed now goes up and down; all else counts events or bytes since the start. */
function cacheMetrics({ cache }: MountStatus): string[] {
  return Object.entries(cache).map(([name, value]) => {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const help = `Counter ${name} of the block cache`;
    return /held|limit|pending/i.test(name)
      ? one(`objectfs_cache_${snake}`, help, value)
      : counter(`objectfs_cache_${snake}_total`, help, [[{}, value]]);
  });
}

function storeMetrics({ store }: MountStatus): string[] {
  const by = (pick: (entry: MountStatus['store']['requests'][number]) => number): Sample[] =>
    store.requests.map((entry) => [{ operation: entry.operation }, pick(entry)]);
  const failing = store.failingSince === undefined ? 0 : (Date.now() - Date.parse(store.failingSince)) / 1000;
  return [
    counter(
      'objectfs_s3_requests_total',
      'Requests to S3',
      by(({ count }) => count),
    ),
    counter(
      'objectfs_s3_request_errors_total',
      'Requests to S3 that failed, "not found" included',
      by(({ errors }) => errors),
    ),
    counter(
      'objectfs_s3_sent_bytes_total',
      'Bytes of object bodies sent',
      by(({ bytesSent }) => bytesSent),
    ),
    counter(
      'objectfs_s3_received_bytes_total',
      'Bytes of object bodies received',
      by(({ bytesReceived }) => bytesReceived),
    ),
    counter('objectfs_s3_retries_total', 'Requests sent again after a transient failure', [
      [{}, store.retries],
    ]),
    ...connectionMetrics(store),
    one(
      'objectfs_s3_failing_seconds',
      'For how long no request has been answered; 0: the store answers',
      failing,
    ),
  ];
}

/** Gauges by server address: the series end with the last connection there, while those of each would never end. */
function connectionMetrics({ connections }: MountStatus['store']): string[] {
  const { opened, reused, open } = connections;
  const addresses = [...new Set(open.map(({ address }) => address ?? ''))];
  const by = (pick: (there: typeof open) => number): Sample[] =>
    addresses.map((address) => [
      { address },
      pick(open.filter((connection) => (connection.address ?? '') === address)),
    ]);
  return [
    counter('objectfs_s3_connections_opened_total', 'Connections opened to S3', [[{}, opened]]),
    counter('objectfs_s3_connections_reused_total', 'Requests that found a connection open', [[{}, reused]]),
    gauge(
      'objectfs_s3_open_connections',
      'Connections that are open',
      by((there) => there.length),
    ),
    gauge(
      'objectfs_s3_connection_bytes_per_second',
      'Mean over open connections: bytes of both ways while they carried requests',
      by((there) => there.reduce((sum, { bytesPerSecond }) => sum + bytesPerSecond, 0) / there.length),
    ),
  ];
}

function one(name: string, help: string, value: number): string {
  return gauge(name, help, [[{}, value]]);
}

function gauge(name: string, help: string, samples: readonly Sample[]): string {
  return family(name, 'gauge', help, samples);
}

function counter(name: string, help: string, samples: readonly Sample[]): string {
  return family(name, 'counter', help, samples);
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
