import { lstat, mkdir } from 'node:fs/promises';
import { Failure, usageError } from '../../errors/failure.js';

/**
 * Makes a folder that only this user can enter, or checks that an existing one is that.
 *
 * @throws Failure `usage` where it is a symbolic link or no directory, belongs to somebody else, lets others write, or
 * can not be made: what lies in it is served to readers as the content of files.
 */
export async function ensurePrivateFolder(folder: string): Promise<void> {
  const stats = await makeAndLook(folder);
  if (!stats.isDirectory()) {
    const what = stats.isSymbolicLink() ? 'a symbolic link' : 'not a directory';
    throw usageError(
      `The cache folder ${folder} is ${what}`,
      'Remove it, or name another --cache-dir',
      folder,
    );
  }
  if (stats.uid !== process.getuid?.()) {
    throw usageError(
      `The cache folder ${folder} belongs to user ${stats.uid}`,
      'Remove it, or name another --cache-dir',
      folder,
    );
  }
  if ((stats.mode & 0o022) !== 0) {
    throw usageError(
      `The cache folder ${folder} may be written by other users`,
      `Look at what lies in it, then: chmod 700 ${folder}`,
      folder,
    );
  }
}

async function makeAndLook(folder: string) {
  const refusal: unknown = await mkdir(folder, { recursive: true, mode: 0o700 }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  try {
    return await lstat(folder); // a plain file or a dangling link is told by what it is
  } catch (cause) {
    throw notUsable(folder, refusal ?? cause);
  }
}

function notUsable(folder: string, cause: unknown): Failure {
  const { message } = Failure.from(cause);
  return new Failure('usage', `The cache folder ${folder} can not be used: ${message}`, {
    subject: folder,
    remedy: 'Name a folder that you may write to with --cache-dir',
    cause,
  });
}

/** The code of a failed system call, or nothing. */
export function codeOf(reason: unknown): string {
  if (typeof reason !== 'object' || reason === null || !('code' in reason)) return '';
  return String(reason.code);
}
