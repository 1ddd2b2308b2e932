import { Failure } from '../../errors/failure.js';
import { monotonicMs } from '../clock.js';
import { assertAttached, assertWritable, nameLock, nodeLock, type Context } from '../context.js';
import { copyWhole } from '../data/server-copy.js';
import { uploadTo } from '../data/upload.js';
import { keepForRecovery } from '../data/recovery.js';
import { touch } from '../entries.js';
import { nodeKey, objectKey } from '../keys.js';
import { checkName, isReserved } from '../names.js';
import { isDirty, type DirectoryNode, type Node, type StoredObject } from '../nodes/node.js';
import { within } from '../nodes/subtree.js';
import { describe, noteWritten, storedAfter } from '../objects.js';
import type { FileSystem, Request } from '../operations.js';
import { keepDirectory } from '../persist.js';
import { findChild, JUST_ASKED_MS, noEntry, noteAbsent, refresh } from '../resolve.js';
import { checkPlace, existsFailure } from './make.js';
import { checkSticky, keepForReaders, noteRemoved } from './remove.js';
import { renameDirectory } from './rename-directory.js';

/** renameat2(2) flags, include/uapi/linux/fs.h. */
const RENAME_NOREPLACE = 1;

/** One end of a rename. */
export interface Place {
  readonly directory: DirectoryNode;
  readonly name: string;
}

/** rename(2), renameat2(2). */
export function renameOperations(context: Context): Pick<FileSystem, 'rename'> {
  return {
    rename: async (parent, name, newParent, newName, flags, request) => {
      assertWritable(context);
      const from = { directory: context.table.directory(parent), name };
      const to = { directory: context.table.directory(newParent), name: newName };
      for (const place of [from, to]) checkFree(context, place);
      if ((flags & ~RENAME_NOREPLACE) !== 0) {
        throw new Failure('invalid-argument', 'S3 can not exchange two names in one step');
      }
      const noReplace = (flags & RENAME_NOREPLACE) !== 0;
      const wasFile = await renameFile(context, from, to, noReplace, request);
      if (!wasFile) await renameDirectory(context, from, to, noReplace, request);
    },
  };
}

function checkFree(context: Context, { directory, name }: Place): void {
  checkName(name);
  if (!isReserved(directory === context.root, name)) return;
  throw new Failure('not-permitted', `The name ${name} is reserved for the file system itself`);
}

/** `false` where the old name is a directory: those are moved under other locks. */
async function renameFile(
  context: Context,
  from: Place,
  to: Place,
  noReplace: boolean,
  request: Request,
): Promise<boolean> {
  const names = [nameLock(from.directory, from.name), nameLock(to.directory, to.name)];
  return await within([from.directory, to.directory], request.signal, async () => {
    assertAttached(from.directory);
    assertAttached(to.directory);
    return await context.locks.run(
      names,
      () => renameLocked(context, from, to, noReplace, request),
      request.signal,
    );
  });
}

async function renameLocked(
  context: Context,
  from: Place,
  to: Place,
  noReplace: boolean,
  request: Request,
): Promise<boolean> {
  const node = await findChild(context, from.directory, from.name, 0, request.signal);
  if (node === undefined) return noEntry(context, from.directory, from.name);
  if (node.kind === 'directory') return false;
  const target = await findChild(context, to.directory, to.name, JUST_ASKED_MS, request.signal);
  checkSticky(from.directory, node, request);
  if (target !== undefined) {
    if (noReplace) throw existsFailure(context, to.directory, to.name);
    if (target === node) return true;
    if (target.kind === 'directory') throw new Failure('is-directory', `"${to.name}" is a directory`);
    checkSticky(to.directory, target, request);
  }
  const locks = [node, ...(target === undefined ? [] : [target])].map(nodeLock);
  await context.locks.run(locks, () => replace(context, node, target, from, to, request), request.signal);
  touch(context, from.directory);
  touch(context, to.directory);
  return true;
}

/** The new name gets the bytes first, then the old one goes: a crash between leaves both, never none. */
async function replace(
  context: Context,
  node: Node,
  target: Node | undefined,
  from: Place,
  to: Place,
  request: Request,
): Promise<void> {
  const oldKey = nodeKey(context, node);
  const newKey = objectKey(context, to.directory, to.name);
  await checkPlace(context, to.directory, newKey);
  if (target !== undefined) await keepForReaders(context, target, request.signal);
  const hadObject = node.object !== undefined;
  if (hadObject) await keepDirectory(context, from.directory);
  await putAt(context, node, newKey, target?.object);
  if (hadObject) await context.store.delete(oldKey);
  if (target !== undefined) noteRemoved(context, to.directory, target);
  context.table.move(node, to.directory, to.name);
  to.directory.absent.delete(to.name);
  noteAbsent(from.directory, from.name, monotonicMs());
}

async function putAt(
  context: Context,
  node: Node,
  newKey: string,
  replaced: StoredObject | undefined,
): Promise<void> {
  node.posix = { ...node.posix, ctimeNs: context.nowNs() };
  if (node.kind === 'file' && isDirty(node)) {
    try {
      await uploadTo(context, node, newKey, replaced);
    } catch (error) {
      throw await keepForRecovery(context, node, Failure.from(error));
    }
    return;
  }
  await copyTo(context, node, newKey);
}

async function copyTo(context: Context, node: Node, newKey: string): Promise<void> {
  for (let tries = 2; tries > 0; tries -= 1) {
    const { object } = node;
    if (object === undefined) break;
    const replace = describe(node.posix, object, false);
    try {
      const source = { key: nodeKey(context, node), ...object };
      const result = await copyWhole(context, source, newKey, { replace });
      noteWritten(node, storedAfter(result, replace, object.sizeBytes));
      return;
    } catch (error) {
      const changed = error instanceof Failure && error.kind === 'precondition-failed';
      if (!changed || !(await refresh(context, node))) throw error;
    }
  }
  throw new Failure('stale', `${node.name} was replaced by another client`, { subject: node.name });
}
