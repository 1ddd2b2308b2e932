import { constants, type BigIntStats } from 'node:fs';
import { lstat, open, stat, utimes, writeFile, type FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { codeOf, fail, type CaseContext } from '../../../src/harness/api/index.js';

/** 2001-09-09T01:46:40Z: far enough back that no clock's granularity hides a change to now. */
export const OLD_NS = 1_000_000_000n * 1_000_000_000n;

/** Longest wait for a file system's clock to tick: S3 dates have whole seconds. */
const CLOCK_TICK_MS = 5_000;

/** stat(2) in nanoseconds. */
export function stats(path: string): Promise<BigIntStats> {
  return stat(path, { bigint: true });
}

/** lstat(2) in nanoseconds. */
export function linkStats(path: string): Promise<BigIntStats> {
  return lstat(path, { bigint: true });
}

/** The permission bits with set-user-id, set-group-id and sticky. */
export function permissions(status: BigIntStats): number {
  return Number(status.mode & 0o7777n);
}

/** Opens, hands the descriptor over, and closes it also when the body throws. */
export async function withFile<T>(
  path: string,
  flags: string | number,
  body: (file: FileHandle) => Promise<T>,
  mode?: number,
): Promise<T> {
  const file = await open(path, flags, mode);
  try {
    return await body(file);
  } finally {
    await file.close();
  }
}

/** Opens and closes: what is left to see is whether it was allowed. */
export async function openAndClose(path: string, flags: string | number, mode?: number): Promise<void> {
  await (await open(path, flags, mode)).close();
}

/** A new file with content and a path to it. */
export async function makeFile(
  context: CaseContext,
  name: string,
  content: string | Buffer = '',
): Promise<string> {
  const path = context.path(name);
  await writeFile(path, content);
  return path;
}

/** Sets atime and mtime to {@link OLD_NS}, so that any later update shows without waiting. */
export async function makeOld(path: string): Promise<void> {
  const seconds = Number(OLD_NS / 1_000_000_000n);
  await utimes(path, seconds, seconds);
}

/**
 * Returns once the file system's own clock stands past this instant, seen on a scratch file: ctime can not be set back,
 * so a change of ctime shows only after a tick. Asks the file system instead of sleeping.
 */
export async function clockPast(context: CaseContext, instantNs: bigint): Promise<void> {
  const scratch = context.path('clock');
  const startedMs = performance.now();
  await writeFile(scratch, '');
  while ((await stats(scratch)).ctimeNs <= instantNs) {
    if (performance.now() - startedMs > CLOCK_TICK_MS)
      fail(`the file system's clock did not pass ${instantNs}`);
    await nextTurn();
    await utimes(scratch, 1, 1);
  }
}

/** `true` where there is nothing at the path; lstat(2), so a dangling link counts as something. */
export async function isAbsent(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return false;
  } catch (reason) {
    if (codeOf(reason) === 'ENOENT') return true;
    throw reason;
  }
}

export const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } =
  constants;
