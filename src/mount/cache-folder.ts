import { createHash } from 'node:crypto';
import { rm, rmdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { FolderLock } from '../cache/disk/folder-lock.js';
import { ensurePrivateFolder } from '../cache/disk/private-folder.js';
import { sourceOf, type MountPlan } from './plan.js';

/** The cache folder of a running mount, locked. */
export interface CacheFolder {
  readonly path: string;
  readonly lock: FolderLock;
}

/**
 * The folder that one mount keeps its stage, its recovered files and its cached blocks in, made if need be. It depends
 * on what is mounted where: the next mount of the same finds what the last one left, and two mounts never share one.
 *
 * @returns A folder under `mount.cacheDir`, else under the user's cache directory (XDG Base Directory).
 * @throws Failure `usage` where it can not be made or is not a private directory of this user, `busy` where another
 * process has it.
 */
export async function prepareCacheFolder(plan: MountPlan): Promise<CacheFolder> {
  const base = plan.config.mount.cacheDir ?? join(userCacheFolder(), 'objectfs');
  const identity = [plan.connection.endpoint ?? '', sourceOf(plan), plan.mountPoint].join('\n');
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  const folder = join(base, `${plan.bucket}-${digest}`);
  await ensurePrivateFolder(folder);
  const lock = new FolderLock(folder);
  await lock.take();
  return { path: folder, lock };
}

/** After the end the stage is worth nothing; recovered files and cached blocks stay. */
export async function leaveCacheFolder({ path: folder, lock }: CacheFolder): Promise<void> {
  await rm(join(folder, 'stage'), { recursive: true, force: true });
  await rmdir(join(folder, 'recovery')).catch(() => undefined);
  await lock.release();
  await rmdir(folder).catch(() => undefined);
}

function userCacheFolder(): string {
  return process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
}
