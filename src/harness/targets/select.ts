import { closest } from 'fastest-levenshtein';
import { usageError } from '../../errors/failure.js';
import { directoryTarget } from './directory.js';
import { mountedTarget } from './mounted.js';
import { objectfsTarget } from './objectfs.js';
import { PEERS } from './peers/index.js';
import { peerTarget, targetName } from './peers/peer-target.js';
import type { TargetDriver } from './target.js';

const DIRECTORY = 'dir:';
const MOUNT = 'mount:';

/** Names of the command line that are not patterns. */
const FIXED_NAMES: readonly string[] = [
  'objectfs',
  'objectfs:fuse-native',
  ...PEERS.flatMap((peer) => peer.variants.map((variant) => targetName(peer, variant))),
];

/** What `--target` takes, for messages and help. */
export const TARGET_NAMES: readonly string[] = [...FIXED_NAMES, 'dir:PATH', 'mount:PATH,bucket=NAME'];

/**
 * The target of a name on the command line, see {@link TARGET_NAMES}.
 *
 * @param version - Of this package.
 *
 * @throws Failure `usage` for an unknown name, an unusable path, and a program that is not installed. Nothing is made.
 */
export async function selectTarget(name: string, version: string): Promise<TargetDriver> {
  if (name === 'objectfs') return objectfsTarget(version);
  if (name === 'objectfs:fuse-native') return objectfsTarget(version, 'fuse-native');
  if (name.startsWith(DIRECTORY)) {
    const path = name.slice(DIRECTORY.length);
    if (path === '') throw usageError('"dir:" names no directory', 'Write --target dir:PATH');
    return directoryTarget(path);
  }
  if (name.startsWith(MOUNT)) return mountedTarget(name.slice(MOUNT.length));
  const [peerName, variant = ''] = name.split(':', 2);
  const peer = PEERS.find((candidate) => candidate.name === peerName);
  if (peer !== undefined) return peerTarget(peer, variant);
  throw usageError(
    `There is no target "${name}"`,
    `Did you mean "${closest(name, [...FIXED_NAMES])}"? Targets: ${TARGET_NAMES.join(', ')}`,
    name,
  );
}
