import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../errors/failure.js';
import type { FileSystem, KernelNotifier } from '../../fs/operations.js';
import { checkMountPoint } from '../mount-point.js';
import { findMount } from '../mount-table.js';
import type { FuseMount, MountOptions } from '../mount.js';
import { SUBTYPE } from '../subtype.js';
import { runUnmount } from '../unmount-command.js';
import { Descriptors } from './descriptors.js';
import { loadFuseNative, type NativeOperations } from './fuse-native.js';
import { dataOperations } from './operations-data.js';
import { nameOperations } from './operations-names.js';
import { xattrOperations } from './operations-xattrs.js';
import { PathWalker } from './walker.js';

/** The package does not say when the mount has gone; the mount table does. */
const WATCH_INTERVAL_MS = 250;

/** libfuse 2 speaks an old minor of the protocol, and the package writes 128 KiB at most. */
const CAPABILITIES = { maxWriteBytes: 128 * 1024, protocolMinor: 19 };

/** The package can not tell the kernel anything: time-outs alone make changes show. */
const NO_NOTIFIER: KernelNotifier = {
  invalidateInode: () => undefined,
  invalidateEntry: () => undefined,
};

/**
 * Mounts through the `fuse-native` package and libfuse 2: the same file system behind a path-based interface, with
 * the defects that docs/architecture.md lists.
 *
 * @throws Failure `usage` where the package, libfuse 2 or the mount point is not usable.
 */
export async function mountNative(fileSystem: FileSystem, options: MountOptions): Promise<FuseMount> {
  const mountPoint = await checkMountPoint(options.mountPoint, options.allowNonEmpty ?? false);
  const Fuse = await loadFuseNative();
  await fileSystem.start(CAPABILITIES, NO_NOTIFIER);
  const walker = new PathWalker(fileSystem);
  // Each operation has the arguments of the package's README; the record type forgets them.
  const operations = {
    ...nameOperations(fileSystem, walker),
    ...dataOperations(fileSystem, walker, new Descriptors(fileSystem)),
    ...xattrOperations(fileSystem, walker),
  } as unknown as NativeOperations;
  const extra = ['big_writes', 'nosuid', 'nodev', ...(options.readOnly === true ? ['ro'] : [])];
  const fuse = new Fuse(mountPoint, operations, {
    fsname: options.fsName.replaceAll(',', '\\,'),
    subtype: [options.subtype ?? SUBTYPE, ...extra].join(','),
    allowOther: options.allowOther ?? false,
    defaultPermissions: true,
    timeout: false,
  });
  try {
    await new Promise<void>((resolve, reject) => {
      fuse.mount((error) => {
        if (error === null || error === undefined) resolve();
        else reject(error);
      });
    });
  } catch (reason) {
    await fileSystem.stop();
    throw refused(mountPoint, reason);
  }
  return makeMount(fileSystem, mountPoint);
}

async function makeMount(fileSystem: FileSystem, mountPoint: string): Promise<FuseMount> {
  const device = (await findMount(mountPoint))?.device ?? '';
  const done = untilGone(mountPoint, device).then(() => fileSystem.stop());
  done.catch(() => undefined); // whoever waits hears of it
  return {
    mountPoint,
    device,
    done,
    unmount: async (mode = 'plain') => {
      await runUnmount(mountPoint, mode);
      await done;
    },
    abort: async () => {
      await runUnmount(mountPoint, 'lazy');
      await done;
    },
  };
}

async function untilGone(mountPoint: string, device: string): Promise<void> {
  while ((await findMount(mountPoint))?.device === device) await sleep(WATCH_INTERVAL_MS);
}

function refused(mountPoint: string, cause: unknown): Failure {
  return new Failure('usage', `libfuse 2 can not mount on ${mountPoint}`, {
    remedy: 'Run objectfs doctor to see what is missing, or use --binding kernel',
    subject: mountPoint,
    cause,
  });
}
