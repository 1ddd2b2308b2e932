import { accessTimeOf } from './access-times.js';
import { monotonicMs } from './clock.js';
import type { Context } from './context.js';
import { sizeOf, isDirty, isPending, type DirectoryNode, type Node } from './nodes/node.js';
import { ROOT_INODE, type Attributes, type Entry, type TimedAttributes } from './operations.js';

const SECTOR_BYTES = 512n;

/** stat(2) of a node, from memory. */
export function attributesOf(node: Node): Attributes {
  const { mode, uid, gid, rdev, mtimeNs, ctimeNs, btimeNs } = node.posix;
  const sizeBytes = BigInt(sizeOf(node));
  return {
    ino: node.ino,
    mode,
    nlink: linksOf(node),
    uid,
    gid,
    rdev,
    sizeBytes,
    blocks: (sizeBytes + SECTOR_BYTES - 1n) / SECTOR_BYTES,
    atimeNs: accessTimeOf(node),
    mtimeNs,
    ctimeNs,
    ...(btimeNs === undefined ? {} : { btimeNs }),
  };
}

/**
 * Directories: 2 and one for each subdirectory where these are known (made here, or listed to the end); else 1,
 * which on Linux means "not counted" (as btrfs says) and stops programs from skipping subdirectories.
 */
function linksOf(node: Node): number {
  if (node.detached) return 0;
  if (node.kind !== 'directory') return node.links?.names.size ?? 1;
  return node.subdirectories === undefined ? 1 : 2 + node.subdirectories;
}

/** Attributes with what is left of their time: never more than the configured TTL after S3 was asked. */
export function timed(context: Context, node: Node): TimedAttributes {
  return { attributes: attributesOf(node), attributeTtlMs: timeLeft(context.mount.attributeTtlMs, node) };
}

/** An entry that counts as one more reference of the kernel. */
export function entryOf(context: Context, node: Node): Entry {
  context.table.reference(node);
  return {
    generation: node.generation,
    entryTtlMs: timeLeft(context.mount.entryTtlMs, node),
    ...timed(context, node),
  };
}

function timeLeft(ttlMs: number, node: Node): number {
  if (isPending(node) || isDirty(node) || node.ino === ROOT_INODE) return ttlMs;
  return Math.max(0, Math.min(ttlMs, ttlMs - (monotonicMs() - node.checkedAtMs)));
}

/** A child came or went: the directory's own times change now, its marker later. */
export function touch(context: Context, directory: DirectoryNode): void {
  const now = context.nowNs();
  directory.posix = { ...directory.posix, mtimeNs: now, ctimeNs: now };
  directory.timesDirty = true;
  context.times.note(context, directory);
  context.indexes.note(context, directory, 0);
}
