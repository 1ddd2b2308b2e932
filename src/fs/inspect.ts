import type { DiskTierCounters } from '../cache/disk/disk-tier.js';
import type { Context } from './context.js';
import { isDirty, sizeOf } from './nodes/node.js';
import type { FileSystem } from './operations.js';

/** What a running file system holds at one moment. */
export interface FileSystemState {
  /** In memory, those that the kernel has forgotten and we keep included. */
  readonly inodes: number;
  readonly openFiles: number;
  readonly openDirectories: number;
  /** Files whose bytes S3 does not hold yet. */
  readonly dirtyFiles: number;
  /** Sizes of the dirty files in sum. */
  readonly dirtyBytes: number;
  /** Counters of the caches by name, with the unit in the name. */
  readonly cache: Readonly<Record<string, number>>;
}

/** A file system that can be looked at from outside of the mount. */
export interface InspectableFileSystem extends FileSystem {
  inspect(): FileSystemState;
}

/** Counts what a file system holds; walks all inodes. */
export function inspect({ table, cache, disk, passthrough, readAhead, writeBack }: Context): FileSystemState {
  let [inodes, dirtyFiles, dirtyBytes] = [0, 0, 0];
  for (const node of table.all()) {
    inodes += 1;
    if (node.detached || !isDirty(node)) continue;
    dirtyFiles += 1;
    dirtyBytes += sizeOf(node);
  }
  let [openFiles, openDirectories] = [0, 0];
  for (const { kind } of table.handles()) {
    if (kind === 'file') openFiles += 1;
    else openDirectories += 1;
  }
  return {
    inodes,
    openFiles,
    openDirectories,
    dirtyFiles,
    dirtyBytes,
    cache: {
      ...cache.counters(),
      ...writeBack.counters(),
      passthroughOpens: passthrough.opens,
      readAheadPlannedBytes: readAhead.plannedBytes,
      readAheadUsedBytes: readAhead.usedBytes,
      readAheadWastedBytes: readAhead.wastedBytes,
      ...(disk === undefined ? {} : diskCounters(disk.counters())),
    },
  };
}

/** `{ hitBytes: 1 }` becomes `{ diskHitBytes: 1 }`. */
function diskCounters(counters: DiskTierCounters): Record<string, number> {
  const renamed = Object.entries<number>({ ...counters }).map(([name, value]) => [
    `disk${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    value,
  ]);
  return Object.fromEntries(renamed) as Record<string, number>; // made of pairs of text and number
}
