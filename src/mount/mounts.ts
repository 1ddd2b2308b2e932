import { rm, writeFile } from 'node:fs/promises';
import { SUBTYPE } from '../fuse/subtype.js';
import { findMount, readMountTable, type MountTableEntry } from '../fuse/mount-table.js';
import { runUnmount } from '../fuse/unmount-command.js';
import { askDaemon } from './control-client.js';
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

/** The control socket of a mount's living daemon, also of one that another user started. */
export async function findControl(entry: MountTableEntry): Promise<string | undefined> {
  const owner = Number(/(?:^|,)user_id=(\d+)/.exec(entry.options)?.[1] ?? 0);
  for (const folder of new Set([stateFolder(), ...likelyStateFolders(owner)])) {
    const path = socketPath(folder, entry.device);
    // A socket that may not be opened belongs to a daemon that lives, or to nobody that we can tell.
    const reply = await askDaemon(path, { command: 'status' }).catch(() => undefined);
    if (reply?.mountPoint === entry.mountPoint) return path;
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
    await rm(socketPath(stateFolder(), entry.device), { force: true });
    entry = await findMount(mountPoint);
  }
}

/** Best effort: the control file system may not be mounted, and a dead daemon's connection has ended anyway. */
async function abortConnection(device: string): Promise<void> {
  const minor = device.split(':')[1] ?? '';
  await writeFile(`/sys/fs/fuse/connections/${minor}/abort`, '1').catch(() => undefined);
}
