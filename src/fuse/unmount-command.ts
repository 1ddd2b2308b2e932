import { execFile } from 'node:child_process';
import { Failure } from '../errors/failure.js';
import { quote } from './mount-point.js';
import { FUSERMOUNT } from './mount-user.js';

/** `lazy` takes the mount out of the tree at once, also while it is in use. */
export type UnmountMode = 'plain' | 'lazy';

/**
 * Unmounts by the system's own programs, in another process: umount(2) may wait for replies of the very process
 * that calls it.
 *
 * @throws Failure `busy` where programs use the mount, `usage` where it is no mount of ours to release.
 */
export async function runUnmount(mountPoint: string, mode: UnmountMode): Promise<void> {
  const root = process.getuid?.() === 0;
  const [program, flags] = root
    ? ['umount', mode === 'lazy' ? ['-l'] : []]
    : [FUSERMOUNT, mode === 'lazy' ? ['-u', '-z'] : ['-u']];
  await new Promise<void>((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C' };
    execFile(program, [...flags, '--', mountPoint], { env }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(explain(mountPoint, stderr.trim(), error));
    });
  });
}

function explain(mountPoint: string, said: string, cause: Error): Failure {
  if (/busy/i.test(said)) {
    return new Failure('busy', `${mountPoint} is in use`, {
      remedy: `Close the files and leave the directory first; this lists who is there: fuser -vm ${quote(mountPoint)}`,
      subject: mountPoint,
      cause,
    });
  }
  return new Failure('usage', `Can not unmount ${mountPoint}: ${said || cause.message}`, {
    remedy: 'Name the directory that the bucket is mounted on, as the user who mounted it',
    subject: mountPoint,
    cause,
  });
}
