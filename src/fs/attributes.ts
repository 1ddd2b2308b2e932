import { Failure } from '../errors/failure.js';
import { withAccess } from './access-times.js';
import { assertWritable, nodeLock, type Context } from './context.js';
import { ensureStage, releaseStage } from './data/content.js';
import { timed } from './entries.js';
import { assertSize, fileOf, markChanged, noteChanged } from './files.js';
import type { Posix } from './metadata/posix.js';
import { fileType, permissions, withoutSetId } from './modes.js';
import { isDirty, type FileNode, type Node } from './nodes/node.js';
import { within } from './nodes/subtree.js';
import type { AttributeChange, FileSystem, Request } from './operations.js';
import { persistPosix } from './persist.js';
import { isFresh, revalidate } from './refresh.js';
import { journalAttributes, saveLocked } from './write-back/close.js';
import { refuseLost } from './data/give-up.js';

type AttributeOperations = Pick<FileSystem, 'getattr' | 'setattr'>;

/** stat(2), chmod(2), chown(2), truncate(2), utimensat(2). */
export function attributeOperations(context: Context): AttributeOperations {
  return {
    getattr: async (ino, _handle, request) => {
      const node = context.table.get(ino);
      if (isFresh(context, node) || (await revalidate(context, node, request.signal)))
        return timed(context, node);
      // An open descriptor still has a file, though its name now leads elsewhere.
      if (node.openCount > 0) return timed(context, node);
      throw new Failure('no-entry', `"${node.name}" is gone`);
    },
    setattr: async (ino, change, request) => {
      assertWritable(context);
      const node = context.table.get(ino);
      if (change.sizeBytes !== undefined && change.handle === undefined) refuseLost(node);
      await changeNode(context, node, request, () => apply(context, node, change, request));
      if (change.atimeNs !== undefined) node.accessed = undefined;
      return timed(context, node);
    },
  };
}

/** Runs `work` with the node's lock, in a directory that stays where it is. */
export async function changeNode(
  context: Context,
  node: Node,
  request: Request,
  work: () => Promise<void>,
): Promise<void> {
  // A directory's own key is at stake, so it counts as inside itself.
  const inside = node.kind === 'directory' ? node : node.parent;
  await within([inside], request.signal, () => context.locks.run([nodeLock(node)], work, request.signal));
}

/** Sets attributes here, and in S3 unless a flush will carry them there. The caller holds the node's lock. */
export async function changePosix(
  context: Context,
  node: Node,
  change: (posix: Posix) => Posix,
): Promise<void> {
  node.revision += 1;
  if (!node.detached && !isDirty(node)) {
    await persistPosix(context, node, change);
    return;
  }
  node.posix = change(node.posix);
  if (node.kind === 'file') await journalAttributes(context, node);
}

async function apply(context: Context, node: Node, change: AttributeChange, request: Request): Promise<void> {
  if (change.sizeBytes === undefined) {
    const apply = (posix: Posix): Posix => changed(context, withAccess(node, posix), change);
    if (changesPosix(change)) await changePosix(context, node, apply);
    return;
  }
  const file = fileOf(node);
  const sizeBytes = Number(change.sizeBytes);
  assertSize(sizeBytes);
  const stage = ensureStage(context, file);
  markChanged(file);
  await stage.truncate(sizeBytes);
  // A save within the change has called it clean.
  markChanged(file);
  noteChanged(context, file, request);
  file.posix = changed(context, withAccess(file, file.posix), change);
  if (file.writers === 0) await saveNow(context, file, request);
}

/** truncate(2) by path has no close(2) that would save it. */
async function saveNow(context: Context, file: FileNode, request: Request): Promise<void> {
  try {
    await saveLocked(context, file, request.signal);
  } catch (error) {
    // What an earlier close has acknowledged is only here.
    if (file.journaled !== undefined) throw error;
    file.contentDirty = false;
    file.checkedAtMs = -Infinity;
    file.foreignVersion += 1;
    throw error;
  } finally {
    await releaseStage(context, file);
  }
}

function changesPosix(change: AttributeChange): boolean {
  const { mode, uid, gid, atimeNs, mtimeNs, ctimeNs } = change;
  const fields = [mode, uid, gid, atimeNs, mtimeNs, ctimeNs];
  return change.killPrivileges === true || fields.some((field) => field !== undefined);
}

function changed(context: Context, posix: Posix, change: AttributeChange): Posix {
  const now = context.nowNs();
  const time = (wish: bigint | 'now' | undefined, old: bigint): bigint =>
    wish === 'now' ? now : (wish ?? old);
  const { uid = posix.uid, gid = posix.gid } = change;
  return {
    ...posix,
    mode: changedMode(posix.mode, change),
    uid,
    gid,
    atimeNs: time(change.atimeNs, posix.atimeNs),
    mtimeNs: time(change.mtimeNs, posix.mtimeNs),
    ctimeNs: change.ctimeNs ?? now,
  };
}

function changedMode(mode: number, change: AttributeChange): number {
  if (change.mode !== undefined) return fileType(mode) | permissions(change.mode);
  const newOwner = change.uid !== undefined || change.gid !== undefined;
  return newOwner || change.killPrivileges === true ? withoutSetId(mode) : mode;
}
