import { realpath, rm, statfs, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure, usageError } from '../errors/failure.js';
import { errorCode } from '../fuse/error-code.js';
import { SUBTYPE } from '../fuse/subtype.js';
import { findMount, readMountTable, type MountTableEntry } from '../fuse/mount-table.js';
import { runUnmount } from '../fuse/unmount-command.js';
import { askDaemon } from './control-client.js';
import { stackSocketPath } from './stack/messages.js';
import { likelyStateFolders, socketPath, stateFolder } from './state-folder.js';

/** A mount of this product, as the kernel lists it. */
export interface ObjectfsMount {
  readonly mountPoint: string;
  /** `s3://bucket/prefix` */
  readonly source: string;
  /** `major:minor` */
  readonly device: string;
  /** `false`: nothing answers on its control socket; every use of the mount fails with ENOTCONN. */
  readonly daemonAlive: boolean;
}

/** All mounts of this product that this process can see, dead ones included. Never touches the mounts themselves. */
export async function listObjectfsMounts(): Promise<readonly ObjectfsMount[]> {
  const entries = (await readMountTable()).filter(isOurs);
  return Promise.all(
    entries.map(async (entry) => {
      const { mountPoint, source, device } = entry;
      return { mountPoint, source, device, daemonAlive: (await findControl(entry)) !== undefined };
    }),
  );
}

export function isOurs(entry: MountTableEntry): boolean {
  return entry.type === `fuse.${SUBTYPE}`;
}

/**
 * The mount of ours that a directory is the top of; never touches the mount.
 *
 * @throws Failure `usage` where it is no mount, or one of another kind.
 */
export async function findOurMount(directory: string): Promise<MountTableEntry> {
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

/** The user who mounted it. */
export function ownerOf(entry: MountTableEntry): number {
  return Number(/(?:^|,)user_id=(\d+)/.exec(entry.options)?.[1] ?? 0);
}

/** The control socket of a mount's living daemon, also of one that another user started. */
export async function findControl(entry: MountTableEntry): Promise<string | undefined> {
  for (const folder of new Set([stateFolder(), ...likelyStateFolders(ownerOf(entry))])) {
    const path = socketPath(folder, entry.device);
    // A socket that may not be opened belongs to a daemon that lives, or to nobody that we can tell.
    try {
      const reply = await askDaemon(path, { command: 'ping' });
      if (reply?.mountPoint === entry.mountPoint) return path;
    } catch (reason) {
      if (Failure.from(reason).kind === 'timeout') return path; // there, though it says nothing
    }
  }
  return undefined;
}

/**
 * Takes a mount out of the tree by force: whoever waits for it gets an error, and what its daemon had not saved
 * stays unsaved. For dead daemons.
 *
 * @throws Failure `usage` where the rights do not allow it.
 */
export async function releaseMount(mountPoint: string): Promise<void> {
  let entry = await findMount(mountPoint);
  while (entry !== undefined && isOurs(entry)) {
    await abortConnection(entry.device);
    await runUnmount(mountPoint, 'lazy');
    for (const path of [socketPath, stackSocketPath])
      await rm(path(stateFolder(), entry.device), { force: true });
    entry = await findMount(mountPoint);
  }
}

/**
 * Clears a dead mount of ours, so that its directory can be mounted again. Anything else is left alone.
 *
 * @returns What was mounted there; `undefined` where nothing was cleared.
 * @throws Failure `usage` where the rights do not allow it.
 */
export async function clearDeadMount(directory: string): Promise<string | undefined> {
  const entry = await lookUp(directory);
  if (entry === undefined || !isOurs(entry)) return undefined;
  if ((await findControl(entry)) !== undefined || !(await isDisconnected(entry.mountPoint))) return undefined;
  await releaseMount(entry.mountPoint);
  return entry.source;
}

/** The kernel answers for a process that has ended. statfs(2) is never answered from a cache. */
async function isDisconnected(mountPoint: string): Promise<boolean> {
  try {
    await statfs(mountPoint);
    return false;
  } catch (reason) {
    return ['ENOTCONN', 'ECONNABORTED'].includes(errorCode(reason) ?? '');
  }
}

/** Best effort: the control file system may not be mounted, and a dead daemon's connection has ended anyway. */
async function abortConnection(device: string): Promise<void> {
  const minor = device.split(':')[1] ?? '';
  await writeFile(`/sys/fs/fuse/connections/${minor}/abort`, '1').catch(() => undefined);
}
