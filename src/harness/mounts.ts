import { readFile, writeFile } from 'node:fs/promises';
import { execa } from 'execa';
import { Failure } from '../errors/failure.js';

/** No clean-up by execa: its listeners would end this process at the first signal, before our own clean-up. */
const COMMAND = { reject: false, timeout: 10_000, cleanup: false } as const;

/** Mounts on one mount point that are taken away, and tries at one that does not go. */
const MOST_LAYERS = 5;

/** One line of /proc/self/mountinfo, proc(5). */
export interface Mount {
  readonly mountPoint: string;
  readonly fileSystem: string;
  readonly source: string;
  /** Minor number of its device: for FUSE the number below /sys/fs/fuse/connections. */
  readonly deviceMinor: number;
}

/** The mounts that this process sees, in the order of mounting. */
export async function readMounts(): Promise<readonly Mount[]> {
  return parseMounts(await readFile('/proc/self/mountinfo', 'utf8'));
}

/** @param text - Content of /proc/self/mountinfo. */
export function parseMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ');
    const fields = left.split(' ');
    const [fileSystem = '', source = ''] = right.split(' ');
    const mountPoint = fields[4];
    const minor = Number(fields[2]?.split(':')[1]);
    if (mountPoint === undefined || !Number.isInteger(minor)) return [];
    return [{ mountPoint: unescape(mountPoint), fileSystem, source: unescape(source), deviceMinor: minor }];
  });
}

/** The mount that `directory` is the root of; the last one where several lie on each other. */
export async function mountAt(directory: string): Promise<Mount | undefined> {
  return (await readMounts()).findLast((mount) => mount.mountPoint === directory);
}

/** The mounts at or below a folder: nothing in it may be removed while there is one. */
export async function mountsBelow(folder: string): Promise<readonly Mount[]> {
  const mounts = await readMounts();
  return mounts.filter((mount) => `${mount.mountPoint}/`.startsWith(`${folder}/`));
}

/**
 * Makes every call on a FUSE mount return, also when its daemon does not answer any more: the kernel ends the
 * connection (Documentation/filesystems/fuse.rst, "Aborting a filesystem connection"). Touches nothing on the mount.
 *
 * @returns `false` where the control file is not there or may not be written.
 */
export async function abortConnection(mount: Mount): Promise<boolean> {
  if (!mount.fileSystem.startsWith('fuse')) return false;
  try {
    await writeFile(`/sys/fs/fuse/connections/${mount.deviceMinor}/abort`, '1');
    return true;
  } catch {
    return false;
  }
}

/**
 * Unmounts as a user would: what is in use stays. No mount there is success.
 *
 * @throws Failure `busy` where programs use it; then nothing has changed.
 */
export async function releaseCleanly(mountPoint: string, signal: AbortSignal): Promise<void> {
  if ((await mountAt(mountPoint)) === undefined) return;
  const isRoot = process.getuid?.() === 0;
  const [program, flags] = isRoot ? ['umount', []] : ['fusermount3', ['-u']];
  // An unmount waits for what the file system still saves.
  const options = { reject: false, cleanup: false, cancelSignal: signal } as const;
  const { stderr } = await execa(program, [...flags, mountPoint], options);
  signal.throwIfAborted();
  if ((await mountAt(mountPoint)) === undefined) return;
  throw new Failure('busy', `${mountPoint} could not be unmounted: ${stderr}`, {
    subject: mountPoint,
    remedy: `Close the files on it first; this lists who has them open: fuser -vm ${mountPoint}`,
  });
}

/**
 * Takes away a mount whose data does not matter any more: connection aborted, mount detached at once even when files
 * on it are open. No mount there is success.
 *
 * @throws Failure `busy` where it is still in the mount table afterwards.
 */
export async function releaseHard(mountPoint: string): Promise<void> {
  let problem = '';
  for (let attempt = 0; attempt < MOST_LAYERS; attempt += 1) {
    const mount = await mountAt(mountPoint);
    if (mount === undefined) return;
    await abortConnection(mount);
    const unmounted = await execa('umount', ['--lazy', mountPoint], COMMAND);
    if (unmounted.exitCode === 0) continue;
    problem = unmounted.stderr;
    // It fails too where the daemon has unmounted meanwhile: the table is asked again.
    await execa('fusermount3', ['-u', '-z', mountPoint], COMMAND);
  }
  if ((await mountAt(mountPoint)) === undefined) return;
  throw new Failure('busy', `${mountPoint} could not be unmounted: ${problem}`, {
    subject: mountPoint,
    remedy: `Run umount --lazy ${mountPoint} as root`,
  });
}

/** Blanks, tabs, line feeds and backslashes are written in octal. */
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
