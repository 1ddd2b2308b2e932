import { formatSize } from '../../config/size.js';
import { quote } from '../../fuse/mount-point.js';
import type { AnyMountStatus, SilentMount } from '../../mount/status.js';
import type { MountStatus } from '../../mount/observe/status.js';

/** Requests and recovered files that are named; more are counted. */
const MOST_NAMED = 5;

/** A status for a person: a head line, then one line for each part. */
export function statusText(status: AnyMountStatus): string {
  if (status.state !== 'running') return troubleText(status);
  const { mountPoint, source, pid, uptimeMs, rssBytes } = status;
  const lines: [string, string][] = [
    ['store', storeLine(status)],
    ...lastFailureLine(status),
    ['requests', openLine(status)],
    ['files', filesLine(status)],
    ['cache', counters(status.cache)],
    ['sent', sentLine(status)],
    ...recoveryLines(status),
    [
      'memory',
      `${formatSize(rssBytes)} resident, ${status.descriptors} descriptors, ${status.timers} timers`,
    ],
    ...optionalLine('log', status.logFile),
    ...optionalLine('metrics', status.metricsUrl),
  ];
  const head = `${source} on ${mountPoint}: running for ${duration(uptimeMs)}, process ${pid}, ${howLine(status)}`;
  return [head, ...lines.map(([name, text]) => `  ${name.padEnd(9)} ${text}`), ''].join('\n');
}

function troubleText(status: Exclude<AnyMountStatus, MountStatus>): string {
  const { state, source, mountPoint } = status;
  const clear = `objectfs unmount ${quote(mountPoint)}`;
  return state === 'dead'
    ? `${source} on ${mountPoint}: DEAD, its daemon has ended; mount it again, or clear it: ${clear}\n`
    : `${source} on ${mountPoint}: SILENT, its daemon is there but does not answer\n${stackLines(status)}`;
}

function stackLines({ stack = [] }: SilentMount): string {
  return stack.map((frame) => `  at ${frame}\n`).join('');
}

function howLine({ endpoint, region, binding, readOnly }: MountStatus): string {
  const store = endpoint ?? `AWS, ${region}`;
  return `${store}, binding ${binding}${readOnly ? ', read-only' : ''}`;
}

function storeLine({ store }: MountStatus): string {
  const { state, failingSince, lastAnswerAt } = store;
  if (state === 'failing') {
    return `FAILING since ${failingSince ?? 'the start'}, last answer ${lastAnswerAt ?? 'never'}`;
  }
  return state === 'answering' ? `answering, last at ${lastAnswerAt ?? 'an unknown time'}` : 'not asked yet';
}

function lastFailureLine({ store: { lastFailure } }: MountStatus): [string, string][] {
  if (lastFailure === undefined) return [];
  return [['', `last failure ${lastFailure.at}, ${lastFailure.kind}: ${lastFailure.message}`]];
}

function optionalLine(name: string, text: string | undefined): [string, string][] {
  return text === undefined ? [] : [[name, text]];
}

function openLine({ openRequests }: MountStatus): string {
  const named = openRequests
    .slice(0, MOST_NAMED)
    .map(
      ({ operation, ageMs, pid, ino }) =>
        `${operation} of inode ${ino} for ${duration(ageMs)} (process ${pid})`,
    );
  return [`${openRequests.length} open`, ...named].join('; ');
}

function filesLine({ files }: MountStatus): string {
  const { openFiles, openDirectories, dirtyFiles, dirtyBytes, inodes } = files;
  const dirty = dirtyFiles === 0 ? 'nothing unsaved' : `${dirtyFiles} unsaved (${formatSize(dirtyBytes)})`;
  return `${openFiles} open, ${dirty}, ${openDirectories} directories open, ${inodes} inodes in memory`;
}

/** `heldBytes: 4096` as `held 4 KiB`. */
function counters(cache: MountStatus['cache']): string {
  const parts = Object.entries(cache).map(([name, value]) => {
    const words = name.replace(/Bytes$/, '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    return `${words} ${name.endsWith('Bytes') ? formatSize(value) : value}`;
  });
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function sentLine({ store: { requests, retries } }: MountStatus): string {
  const sum = (pick: (entry: (typeof requests)[number]) => number): number =>
    requests.reduce((total, entry) => total + pick(entry), 0);
  const sent = formatSize(sum(({ bytesSent }) => bytesSent));
  const received = formatSize(sum(({ bytesReceived }) => bytesReceived));
  const names = requests.map(({ operation, count }) => `${operation} ${count}`).join(', ');
  const errors = sum((entry) => entry.errors);
  return `${sum(({ count }) => count)} requests, ${errors} errors, ${retries} retries, ${sent} out, ${received} in (${names})`;
}

function recoveryLines({ recovery, cacheFolder }: MountStatus): [string, string][] {
  if (recovery.length === 0) return [];
  const named = recovery
    .slice(0, MOST_NAMED)
    .map(({ path, sizeBytes, key }): [string, string] => [
      '',
      `${path} (${formatSize(sizeBytes)}) for ${key ?? 'an unknown key'}`,
    ]);
  return [
    ['recovery', `${recovery.length} files that could not be saved, under ${cacheFolder}/recovery`],
    ...named,
  ];
}

/** `950 ms`, `12.3 s`, `5 min`, `3 h 20 min`, `4 d 2 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
