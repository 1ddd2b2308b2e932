import { closeSync, constants, openSync } from 'node:fs';
import { ERRNO } from '../errors/errno.js';
import { Failure, usageError } from '../errors/failure.js';
import { lastErrno, mount } from '../libc/libc.js';
import { mountData, mountFlags, type KernelMountOptions } from './mount-options.js';

/**
 * Mounts by mount(2), which needs CAP_SYS_ADMIN.
 *
 * @returns The `/dev/fuse` descriptor of the new mount, non-blocking and closed on exec.
 * @throws Failure `usage` where the kernel or the rights do not allow it; nothing is left behind.
 */
export function mountAsRoot(options: KernelMountOptions): number {
  const fd = openDevice();
  const data = mountData(options, fd, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
  const type = `fuse.${options.subtype}`;
  if (mount(options.fsName, options.mountPoint, type, mountFlags(options), data) === 0) return fd;
  const errno = lastErrno();
  closeSync(fd);
  throw mountFailure(errno, options.mountPoint);
}

function openDevice(): number {
  try {
    // Node adds O_CLOEXEC itself.
    return openSync('/dev/fuse', constants.O_RDWR | constants.O_NONBLOCK);
  } catch (reason) {
    throw new Failure('usage', 'Can not open /dev/fuse', {
      remedy:
        'Load the module (modprobe fuse); in a container, add --device /dev/fuse and the SYS_ADMIN capability',
      subject: '/dev/fuse',
      cause: reason,
    });
  }
}

function mountFailure(errno: number, mountPoint: string): Failure {
  switch (errno) {
    case ERRNO.EPERM:
      return usageError(
        `No permission to mount on ${mountPoint}`,
        'Mounting as root needs the SYS_ADMIN capability; in a container add --cap-add SYS_ADMIN',
        mountPoint,
      );
    case ERRNO.ENODEV:
      return usageError('This kernel has no FUSE', 'Load the module: modprobe fuse', mountPoint);
    default:
      return new Failure('internal', `mount(2) on ${mountPoint} failed with error number ${errno}`, {
        subject: mountPoint,
      });
  }
}
