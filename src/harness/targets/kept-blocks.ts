import { open, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../errors/failure.js';
import type { CacheDamage } from '../api/case.js';

/** Who mounts again wants to see what S3 holds, and not what the mount before kept on disk. Saved writes stay. */
export async function dropBlocks(cacheFolder: string): Promise<void> {
  for (const folder of await blockFolders(cacheFolder)) await rm(folder, { recursive: true, force: true });
}

/**
 * Damages each file with bytes of objects, as a worn disk would.
 *
 * @throws Failure `unsupported` where none is kept, for lack of room on that disk: a case would show nothing.
 */
export async function damageBlocks(cacheFolder: string, damage: CacheDamage): Promise<void> {
  const paths: string[] = [];
  for (const folder of await blockFolders(cacheFolder)) {
    const names = await readdir(folder, { recursive: true });
    paths.push(...names.filter((name) => name.endsWith('.data')).map((name) => join(folder, name)));
  }
  if (paths.length === 0) {
    throw new Failure('unsupported', 'The mount has kept nothing on its disk that could be damaged', {
      remedy: 'Make room on the disk of the temporary folder',
    });
  }
  for (const path of paths) {
    const middle = Math.floor((await stat(path)).size / 2);
    if (damage === 'cut') await truncate(path, middle);
    else await flipByte(path, middle);
  }
}

async function flipByte(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, position);
    await file.write(Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, position);
  } finally {
    await file.close();
  }
}

async function blockFolders(cacheFolder: string): Promise<readonly string[]> {
  const mounts = await readdir(cacheFolder).catch(() => []);
  const found: string[] = [];
  for (const name of mounts) {
    const folder = join(cacheFolder, name, 'blocks');
    if ((await readdir(folder).catch(() => undefined)) !== undefined) found.push(folder);
  }
  return found;
}
