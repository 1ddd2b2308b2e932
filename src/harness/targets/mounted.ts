import { resolve } from 'node:path';
import { usageError } from '../../errors/failure.js';
import type { UnmetNeed } from '../api/protocol.js';
import { mountAt } from '../mounts.js';
import type { RunningTarget, TargetDriver } from './target.js';

const SYNTAX = 'Write --target mount:PATH,bucket=NAME, or mount:PATH,bucket=NAME/PREFIX';

const REASON = 'Somebody else mounted it: the runner leaves it as it is';
const UNMET: readonly UnmetNeed[] = (['remount', 'second-mount', 'target-settings'] as const).map((need) => ({
  need,
  state: 'unsupported',
  reason: REASON,
}));

/**
 * A mount that somebody else made, with the bucket behind it. Cases work in fresh folders and remove them;
 * the mount stays, whatever happens.
 *
 * @param text - `PATH,bucket=NAME[/PREFIX]`; the path may hold commas.
 * @throws Failure `usage` for another form, and where nothing is mounted there.
 */
export async function mountedTarget(text: string): Promise<TargetDriver> {
  const match = /^(?<path>.+),bucket=(?<bucket>[^/,]+)(?:\/(?<prefix>.*))?$/.exec(text);
  const { path, bucket, prefix = '' } = match?.groups ?? {};
  if (path === undefined || bucket === undefined) {
    throw usageError(`"mount:${text}" names no mount and bucket`, SYNTAX);
  }
  const mountPoint = resolve(path);
  const mount = await mountAt(mountPoint);
  if (mount === undefined) {
    throw usageError(
      `Nothing is mounted on ${mountPoint}`,
      'Name the mount point itself; findmnt lists them',
      path,
    );
  }
  return {
    name: `mount:${mountPoint}`,
    version: `${mount.fileSystem} ${mount.source}`,
    needsStore: true,
    given: { bucket, prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/` },
    unmet: UNMET,
    quirks: ['Mounted by somebody else, with options that this report does not know'],
    start: () => Promise.resolve(runningMount(mountPoint)),
  };
}

function runningMount(mountPoint: string): RunningTarget {
  return {
    directory: mountPoint,
    mountPoint,
    stop: () => Promise.resolve(),
    // Not ours to end: what hangs on it is the user's to look at.
    kill: () => Promise.resolve(),
  };
}
