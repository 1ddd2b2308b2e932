import { usageError } from '../../errors/failure.js';
import { directoryTarget } from './directory.js';
import { objectfsTarget } from './objectfs.js';
import type { TargetDriver } from './target.js';

const DIRECTORY = 'dir:';

/**
 * The target of a name on the command line: `objectfs`, `dir:PATH`.
 *
 * @param version - Of this package.
 *
 * @throws Failure `usage` for an unknown name or an unusable path.
 */
export async function selectTarget(name: string, version: string): Promise<TargetDriver> {
  if (name === 'objectfs') return objectfsTarget(version);
  if (name.startsWith(DIRECTORY)) {
    const path = name.slice(DIRECTORY.length);
    if (path === '') throw usageError('"dir:" names no directory', 'Write --target dir:PATH');
    return directoryTarget(path);
  }
  throw usageError(`There is no target "${name}"`, 'Targets: objectfs, dir:PATH', name);
}
