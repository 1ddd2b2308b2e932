import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { usageError } from '../errors/failure.js';

/**
 * Tells before a run of minutes that its results could not be written. Creates nothing.
 *
 * @throws Failure `usage` where `path` can neither be written to nor be made.
 */
export function refuseUnusableFolder(flag: string, path: string): void {
  const folder = resolve(path);
  let nearest = folder;
  let stats = lookAt(nearest);
  while (stats === undefined && nearest !== dirname(nearest)) {
    nearest = dirname(nearest);
    stats = lookAt(nearest);
  }
  const remedy = `Name a folder that you may write to with ${flag}`;
  if (stats?.isDirectory() !== true) throw usageError(`${nearest} is not a folder`, remedy, folder);
  try {
    accessSync(nearest, constants.W_OK | constants.X_OK);
  } catch {
    throw usageError(`${nearest} can not be written to`, remedy, folder);
  }
}

/** Nothing there, or a file where a folder of the path should be: then the file above is what is found. */
function lookAt(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
