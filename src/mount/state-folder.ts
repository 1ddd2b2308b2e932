import { lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { usageError } from '../errors/failure.js';

const MOST_LOGS = 20;

/** Where the daemons of one user keep control sockets and logs; made with mode 0700. */
export function stateFolder(uid = process.getuid?.() ?? 0): string {
  if (uid === 0) return '/run/objectfs';
  const runtime = uid === process.getuid?.() ? process.env['XDG_RUNTIME_DIR'] : undefined;
  return runtime ? join(runtime, 'objectfs') : `/tmp/objectfs-${uid}`;
}

/** Where the daemon of another user may have its socket; that user's environment is unknown here. */
export function likelyStateFolders(uid: number): readonly string[] {
  return [...new Set([stateFolder(uid), `/run/user/${uid}/objectfs`, `/tmp/objectfs-${uid}`])];
}

/**
 * @returns The folder, made if need be.
 * @throws Failure `usage` where somebody else made it: under /tmp anybody can.
 */
export async function ensureStateFolder(): Promise<string> {
  const folder = stateFolder();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const stats = await lstat(folder);
  if (!stats.isDirectory() || stats.uid !== process.getuid?.() || (stats.mode & 0o077) !== 0) {
    throw usageError(
      `${folder} is not a private folder of yours`,
      'Remove it, or set XDG_RUNTIME_DIR to a folder that only you can enter',
      folder,
    );
  }
  return folder;
}

/** @param device - `major:minor` of the mount. */
export function socketPath(folder: string, device: string): string {
  return join(folder, `${device.replace(':', '-')}.sock`);
}

/** A name for a new log file that sorts by time; old logs beyond {@link MOST_LOGS} go. */
export async function newLogFile(folder: string, bucket: string, nowMs: number): Promise<string> {
  const logs = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();
  for (const name of logs.slice(0, Math.max(0, logs.length - MOST_LOGS + 1))) {
    await rm(join(folder, name), { force: true });
  }
  const stamp = new Date(nowMs).toISOString().replace(/[-:]/g, '').replace('.', '-');
  return join(folder, `${stamp}-${process.pid}-${bucket}.log`);
}
