import { createHash } from 'node:crypto';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../errors/failure.js';
import { sourceOf, type MountPlan } from './plan.js';

/**
 * The folder that one mount keeps its stage and its recovered files in, made if need be. It depends on what is
 * mounted where: the next mount of the same finds what could not be saved, and two mounts never share one.
 *
 * @returns A folder under `mount.cacheDir`, else under the user's cache directory (XDG Base Directory).
 * @throws Failure `usage` where it can not be made.
 */
export async function prepareCacheFolder(plan: MountPlan): Promise<string> {
  const base = plan.config.mount.cacheDir ?? join(userCacheFolder(), 'objectfs');
  const identity = [plan.connection.endpoint ?? '', sourceOf(plan), plan.mountPoint].join('\n');
  const digest = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  const folder = join(base, `${plan.bucket}-${digest}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new Failure('usage', `The cache folder ${folder} can not be made: ${Failure.from(cause).message}`, {
      subject: folder,
      remedy: 'Name a folder that you may write to with --cache-dir',
      cause,
    });
  }
  return folder;
}

/** After a clean end the stage is worth nothing; a recovery folder with files in it stays. */
export async function tidyCacheFolder(folder: string): Promise<void> {
  await rm(join(folder, 'stage'), { recursive: true, force: true });
  await rmdir(join(folder, 'recovery')).catch(() => undefined);
  await rmdir(folder).catch(() => undefined);
}

function userCacheFolder(): string {
  return process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
}
