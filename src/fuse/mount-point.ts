import { readdir, realpath, stat } from 'node:fs/promises';
import { Failure, usageError } from '../errors/failure.js';
import { errorCode } from './error-code.js';
import { findMount, type MountTableEntry } from './mount-table.js';

/**
 * Checks that a directory can be mounted over.
 *
 * @param allowNonEmpty - Mount over files, which stay hidden until the unmount.
 * @returns Its absolute path without symbolic links, as the mount table will show it.
 * @throws Failure `usage` where it is missing, no directory, not empty, a mount already, or a dead mount.
 */
export async function checkMountPoint(path: string, allowNonEmpty: boolean): Promise<string> {
  const resolved = await resolveDirectory(path);
  const present = await findMount(resolved);
  if (present !== undefined) throw alreadyMounted(resolved, present);
  if (!allowNonEmpty && (await readdir(resolved)).length > 0) {
    throw usageError(`${path} is not empty`, 'Mount on an empty directory', path);
  }
  return resolved;
}

async function resolveDirectory(path: string): Promise<string> {
  try {
    const resolved = await realpath(path);
    const stats = await stat(resolved);
    if (stats.isDirectory()) return resolved;
  } catch (reason) {
    throw explain(path, reason);
  }
  throw usageError(`${path} is not a directory`, 'Name an empty directory to mount on', path);
}

function explain(path: string, reason: unknown): Failure {
  switch (errorCode(reason)) {
    case 'ENOENT':
      return usageError(`${path} does not exist`, `Create it first: mkdir -p ${quote(path)}`, path);
    case 'ENOTDIR':
      return usageError(`${path} is not a directory`, 'Name an empty directory to mount on', path);
    case 'EACCES':
      return usageError(`No permission to look at ${path}`, 'Name a directory of your own', path);
    case 'ENOTCONN':
    case 'ECONNABORTED':
    case 'EIO':
      return deadMount(path);
    default:
      return Failure.from(reason);
  }
}

function deadMount(path: string): Failure {
  return usageError(
    `${path} is a dead mount: the process that served it has ended`,
    `Clear it: objectfs unmount ${quote(path)}`,
    path,
  );
}

function alreadyMounted(path: string, present: MountTableEntry): Failure {
  const message = `${path} is a mount already (${present.source}, type ${present.type})`;
  return usageError(message, 'Unmount it first, or name another directory', path);
}

/** For a line that a person can paste into a shell. */
export function quote(path: string): string {
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
