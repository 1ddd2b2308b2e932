import { Failure } from '../../errors/failure.js';
import { nodeLock, type Context } from '../context.js';
import { sizeOf, type FileHandle, type FileNode } from '../nodes/node.js';
import { within } from '../nodes/subtree.js';
import { ensureStage } from './content.js';
import type { Extent } from './extents.js';
import type { Stage } from './stage.js';
import { versionOf } from './version.js';

/** Bytes that only we have are copied in steps of this size. */
const STEP_BYTES = 1024 * 1024;

/** One end of a copy. */
export interface RangeEnd {
  readonly handle: FileHandle;
  readonly offset: number;
}

/**
 * Copies a range from one open file to another, or within one. What S3 has is not read: the target refers to it, and
 * S3 copies it when the target is saved. A source that is replaced or removed on this mount before that is parked; one
 * that another client replaces makes the save fail.
 *
 * @param save - Saves a file whose lock is held.
 * @param changed - Called before the first change, with the lock of the target.
 * @returns Bytes copied: fewer than asked at the end of the source.
 */
export async function copyRange(
  context: Context,
  from: RangeEnd,
  to: RangeEnd,
  lengthBytes: number,
  signal: AbortSignal,
  save: (node: FileNode) => Promise<void>,
  changed: () => void,
): Promise<number> {
  const source = from.handle.node;
  const target = to.handle.node;
  const work = async (): Promise<number> => {
    const count = Math.max(0, Math.min(lengthBytes, sizeOf(source) - from.offset));
    if (source === target && Math.abs(from.offset - to.offset) < count) {
      throw new Failure('invalid-argument', 'The two ranges of copy_file_range overlap');
    }
    if (count === 0) return 0;
    if (source.stream?.isEvicted(from.offset, from.offset + count) === true) await save(source);
    changed();
    const extents = extentsOf(source, from.offset, from.offset + count);
    const stage = ensureStage(context, target);
    for (const extent of extents) {
      await copyExtent(source, extent, target, stage, extent.start + to.offset - from.offset, signal);
    }
    // A save within the change has called it clean.
    changed();
    return count;
  };
  const locks = [nodeLock(source), nodeLock(target)];
  return await within([source.parent, target.parent], signal, () => context.locks.run(locks, work, signal));
}

function extentsOf(node: FileNode, start: number, end: number): readonly Extent[] {
  if (node.stage !== undefined) return node.stage.slices(start, end);
  if (node.object === undefined) return [];
  return [{ start, end, source: 'away', copy: { version: versionOf(node, node.object), offset: start } }];
}

async function copyExtent(
  source: FileNode,
  { start, end, source: place, copy }: Extent,
  target: FileNode,
  stage: Stage,
  offset: number,
  signal: AbortSignal,
): Promise<void> {
  if (copy !== undefined) {
    await stage.borrow(offset, end - start, copy);
    if (copy.version.holder !== target) stage.lend(copy.version);
  } else if (place === 'zeros') await stage.zero(offset, end - start);
  else {
    for (let at = start; at < end; at += STEP_BYTES) {
      let position = offset + at - start;
      for (const piece of (await source.stage?.read(at, Math.min(STEP_BYTES, end - at), signal)) ?? []) {
        await stage.write(position, piece);
        position += piece.length;
      }
    }
  }
}
