import { writeFile } from 'node:fs/promises';
import { Failure } from '../errors/failure.js';
import type { FileSystem } from '../fs/operations.js';
import type { CanWrite } from './handlers/handler.js';
import { silentLog, type Log } from '../log/log.js';
import { Descriptors } from './descriptors.js';
import { DeviceChannel } from './device-channel.js';
import { isDying } from './dying.js';
import type { KernelMountOptions } from './mount-options.js';
import { checkMountPoint } from './mount-point.js';
import { mountAsRoot } from './mount-root.js';
import { findMount } from './mount-table.js';
import { mountAsUser } from './mount-user.js';
import { FuseSession } from './session.js';
import { SUBTYPE } from './subtype.js';
import { runUnmount, type UnmountMode } from './unmount-command.js';

export interface MountOptions {
  readonly mountPoint: string;
  /** What the mount table and df(1) show as the source: `s3://bucket/prefix`. */
  readonly fsName: string;
  /** @defaultValue `objectfs` */
  readonly subtype?: string;
  /** @defaultValue false */
  readonly readOnly?: boolean;
  /** Other users may use the mount, as far as modes allow. @defaultValue false: the kernel's own default */
  readonly allowOther?: boolean;
  /** Mount over a directory with files in it. @defaultValue false: they would be hidden */
  readonly allowNonEmpty?: boolean;
  /** Let the kernel read local files of the file system by itself; needs Linux 6.9 and root. @defaultValue false */
  readonly passthrough?: boolean;
  readonly log?: Log;
  /** Read-ahead and other background requests in the kernel. @defaultValue 64: 64 MiB of read-ahead in flight */
  readonly maxBackground?: number;
  /** Requests served at a time. @defaultValue 1024 */
  readonly maxRequests?: number;
  /** WRITE payloads of up to 1 MiB held at a time. @defaultValue 16 */
  readonly maxWriteBuffers?: number;
  /** How long a missing name may be remembered. @defaultValue 0 */
  readonly negativeTtlMs?: number;
  /** How long INIT may take. @defaultValue 30,000: the file system asks the store on start */
  readonly startTimeoutMs?: number;
  /** How long requests in flight may take to stop at the end. @defaultValue 30,000 */
  readonly drainTimeoutMs?: number;
}

/** A running mount. */
export interface FuseMount {
  readonly mountPoint: string;
  /** `major:minor` of the mounted file system. */
  readonly device: string;
  /**
   * Resolves after the unmount, from whatever side, when the file system has stopped. Rejects where data could not
   * be saved.
   */
  readonly done: Promise<void>;
  /**
   * Unmounts, then waits for {@link done}. `lazy` also takes a busy mount out of the tree; it then ends when the
   * last user has left.
   *
   * @throws Failure `busy` where programs use it (not with `lazy`); the mount goes on.
   */
  unmount(mode?: UnmountMode): Promise<void>;
  /** Ends the connection at once: all users get ECONNABORTED. The file system still stops in order. */
  abort(): Promise<void>;
}

/** 4 MiB: four requests of 1 MiB ahead of a sequential reader. The kernel's own default allows 128 KiB. */
const READ_AHEAD_KIB = 4096;

/**
 * Mounts a file system and serves it until it is unmounted. Resolves when the kernel has said INIT and the file
 * system has started.
 *
 * Nothing in this process may call the mount synchronously: it would wait for itself.
 *
 * @throws Failure `usage` where the mount point or the rights do not allow it, or what `FileSystem.start` threw;
 * nothing is left mounted.
 */
export async function mountFileSystem(fileSystem: FileSystem, options: MountOptions): Promise<FuseMount> {
  const mountPoint = await checkMountPoint(options.mountPoint, options.allowNonEmpty ?? false);
  const kernelOptions: KernelMountOptions = {
    mountPoint,
    fsName: options.fsName,
    subtype: options.subtype ?? SUBTYPE,
    readOnly: options.readOnly ?? false,
    allowOther: options.allowOther ?? false,
  };
  const asRoot = process.getuid?.() === 0;
  const fd = asRoot ? mountAsRoot(kernelOptions) : await mountAsUser(kernelOptions);
  const channel = new DeviceChannel(fd);
  const log = options.log ?? silentLog;
  const descriptors = new Descriptors();
  const canWrite: CanWrite = (threadId, ino) => descriptors.canWrite(threadId, ino);
  const session = new FuseSession(channel, fileSystem, { log, canWrite, ...limits(options) });
  const done = finish(session, channel, mountPoint);
  done.catch(() => undefined); // whoever waits hears of it
  try {
    await withTimeout(session.ready, options.startTimeoutMs ?? 30_000);
  } catch (reason) {
    await runUnmount(mountPoint, 'lazy').catch(() => undefined);
    channel.close();
    throw Failure.from(reason);
  }
  const device = (await findMount(mountPoint))?.device ?? '';
  descriptors.device = device;
  if (asRoot) await raiseReadAhead(device, log);
  return makeMount(mountPoint, device, channel, done);
}

function limits(options: MountOptions) {
  return {
    maxBackground: options.maxBackground ?? 64,
    maxRequests: options.maxRequests ?? 1024,
    maxWriteBuffers: options.maxWriteBuffers ?? 16,
    passthrough: options.passthrough ?? false,
    negativeTtlMs: options.negativeTtlMs ?? 0,
    isDying,
    drainTimeoutMs: options.drainTimeoutMs ?? 30_000,
  };
}

function makeMount(
  mountPoint: string,
  device: string,
  channel: DeviceChannel,
  done: Promise<void>,
): FuseMount {
  return {
    mountPoint,
    device,
    done,
    unmount: async (mode = 'plain') => {
      await runUnmount(mountPoint, mode);
      await done;
    },
    abort: async () => {
      channel.close();
      await done;
    },
  };
}

async function finish(session: FuseSession, channel: DeviceChannel, mountPoint: string): Promise<void> {
  try {
    const end = await session.run();
    // After an abort the dead mount is still in the tree.
    if (end === 'aborted') await runUnmount(mountPoint, 'lazy').catch(() => undefined);
  } finally {
    channel.close();
  }
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Failure('timeout', `The mount did not start within ${timeoutMs} ms`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Best effort: without it buffered reads stay at requests of 128 KiB. */
async function raiseReadAhead(device: string, log: Log): Promise<void> {
  try {
    await writeFile(`/sys/class/bdi/${device}/read_ahead_kb`, String(READ_AHEAD_KIB));
  } catch (reason) {
    log.warn({ device, err: reason }, 'read-ahead stays at the default of the kernel');
  }
}
