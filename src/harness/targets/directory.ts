import { mkdir, rm, stat, access, constants } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { usageError } from '../../errors/failure.js';
import { CLIENT_NEEDS } from '../api/case.js';
import type { UnmetNeed } from '../api/protocol.js';
import type { RunningTarget, TargetDriver, TargetPlace } from './target.js';

const NO_BUCKET = 'A plain directory has no bucket';
const UNMET: readonly UnmetNeed[] = [
  ...(['store', ...CLIENT_NEEDS] as const).map(
    (need) => ({ need, state: 'unsupported', reason: NO_BUCKET }) as const,
  ),
  { need: 'remount', state: 'unsupported', reason: 'A plain directory is not mounted by the runner' },
];

/**
 * Any existing directory as a target: a local disk as the control, or a mount that somebody else made. Works in a
 * fresh folder of its own below it and removes that folder; the rest of the directory is not touched.
 *
 * @throws Failure `usage` where the path is missing, no directory, or not writable.
 */
export async function directoryTarget(path: string): Promise<TargetDriver> {
  const root = resolve(path);
  await assertDirectory(root);
  return {
    name: `dir:${root}`,
    version: 'the local file system',
    needsStore: false,
    unmet: UNMET,
    quirks: [],
    start: (place) => startDirectory(root, place),
  };
}

async function startDirectory(root: string, place: TargetPlace): Promise<RunningTarget> {
  const directory = join(root, `objectfs-suite-${place.runId}`);
  await place.record.folder(directory);
  await mkdir(directory, { recursive: true });
  const remove = () => rm(directory, { recursive: true, force: true });
  return {
    directory,
    stop: remove,
    // The hung case may still hold files in it: the folder goes with the run.
    kill: () => Promise.resolve(),
  };
}

async function assertDirectory(root: string): Promise<void> {
  const remedy = 'Give an existing directory that you may write to: --target dir:PATH';
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(root)).isDirectory();
  } catch {
    throw usageError(`The target directory ${root} does not exist`, remedy, root);
  }
  if (!isDirectory) throw usageError(`The target ${root} is not a directory`, remedy, root);
  try {
    await access(root, constants.W_OK | constants.X_OK);
  } catch {
    throw usageError(`The target directory ${root} is not writable`, remedy, root);
  }
}
