import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { usageError } from '../errors/failure.js';
import { findMount, type MountTableEntry } from '../fuse/mount-table.js';
import { askDaemon } from './control-client.js';
import { fromPlainFailure } from './messages.js';
import { findControl, isOurs, releaseMount } from './mounts.js';

/** How an unmount went. */
export interface Unmounted {
  readonly mountPoint: string;
  readonly source: string;
  /** `false`: the daemon was dead already, and only the mount was cleared away. */
  readonly saved: boolean;
}

/**
 * Unmounts a directory and waits until its daemon has saved everything. A mount whose daemon is dead is cleared.
 *
 * @param signal - Stops waiting; an unmount that the daemon has begun goes on.
 * @throws Failure `usage` where it is no mount of ours; `busy` where programs use it, and nothing has changed; what
 * the daemon reports where data could not be saved: then the directory is unmounted all the same.
 */
export async function unmountDirectory(directory: string, signal?: AbortSignal): Promise<Unmounted> {
  const entry = await findOurMount(directory);
  const { mountPoint, source } = entry;
  const control = await findControl(entry);
  if (control === undefined) {
    await releaseMount(mountPoint);
    return { mountPoint, source, saved: false };
  }
  const reply = await askDaemon(control, { command: 'unmount' }, signal);
  if (reply?.failure !== undefined) throw fromPlainFailure(reply.failure);
  return { mountPoint, source, saved: true };
}

async function findOurMount(directory: string): Promise<MountTableEntry> {
  const entry = await lookUp(directory);
  if (entry === undefined) {
    throw usageError(`${directory} is not a mount`, 'See the mounts: findmnt -t fuse.objectfs', directory);
  }
  if (!isOurs(entry)) {
    const message = `${directory} is a mount of another kind (${entry.type}, ${entry.source})`;
    throw usageError(message, `Use umount for it`, directory);
  }
  return entry;
}

/** A dead or hung mount may not be touched, so only its parent directory is resolved at first. */
async function lookUp(directory: string): Promise<MountTableEntry | undefined> {
  const absolute = resolve(directory);
  const parent = await realpath(dirname(absolute)).catch(() => dirname(absolute));
  const found = await findMount(join(parent, basename(absolute)));
  if (found !== undefined) return found;
  const target = await realpath(absolute).catch(() => undefined);
  return target === undefined ? undefined : findMount(target);
}
