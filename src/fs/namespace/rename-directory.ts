import { Failure } from '../../errors/failure.js';
import { assertAttached, nameLock, nodeLock, type Context } from '../context.js';
import { flushLocked } from '../data/upload.js';
import { touch } from '../entries.js';
import type { OperationOf } from '../intents/intent.js';
import { childrenPrefix, directoryKey, nodeKey } from '../keys.js';
import { settleGroup } from '../links/group.js';
import type { DirectoryNode, Node, Place } from '../nodes/node.js';
import { frozen, isInside, within } from '../nodes/subtree.js';
import { noteWritten } from '../objects.js';
import type { Request } from '../operations.js';
import { keepDirectory, writeMarker } from '../persist.js';
import { findChild, lookupChild, noEntry } from '../resolve.js';
import { saveBelow } from '../write-back/settle.js';
import { checkPlace, existsFailure } from './make.js';
import { linkedBelow } from './linked-below.js';
import { copyKeys, deleteKeys, listMovable, type MovedKeys } from './move-keys.js';
import { assertEmpty, checkSticky, noteRemoved } from './remove.js';
import { keyInTree, type TreeObject } from './tree.js';

/** One directory moves at a time, as in Linux: two at once could move each into the other. */
export const MOVE_LOCK = 'move of a directory';

/**
 * Renames a directory: a record of the intent, copies, deletions. Nothing works below it meanwhile.
 *
 * @throws Failure `invalid-argument` into itself; `not-empty`, `not-directory`, `exists` by what is at the new name.
 */
export async function renameDirectory(
  context: Context,
  from: Place,
  to: Place,
  noReplace: boolean,
  request: Request,
): Promise<void> {
  const { signal } = request;
  await context.locks.run([MOVE_LOCK], () => enter(context, from, to, noReplace, request), signal);
}

async function enter(
  context: Context,
  from: Place,
  to: Place,
  noReplace: boolean,
  request: Request,
): Promise<void> {
  const { signal } = request;
  await within([from.directory, to.directory], signal, async () => {
    assertAttached(from.directory);
    assertAttached(to.directory);
    const node = await lookupChild(context, from.directory, from.name, signal);
    if (node.kind !== 'directory') throw new Failure('stale', `"${from.name}" has just been replaced`);
    if (isInside(to.directory, node)) {
      throw new Failure('invalid-argument', `"${from.name}" can not move into itself`);
    }
    const names = [nameLock(from.directory, from.name), nameLock(to.directory, to.name)];
    const target = await context.locks.run(names.slice(1), () =>
      targetOf(context, node, from, to, noReplace, request),
    );
    if (target === node) return;
    await frozen(target === undefined ? [node] : [node, target], () =>
      context.locks.run(names, () => move(context, node, target, from, to, request)),
    );
  });
}

async function targetOf(
  context: Context,
  node: DirectoryNode,
  from: Place,
  to: Place,
  noReplace: boolean,
  request: Request,
): Promise<DirectoryNode | undefined> {
  const target = await findChild(context, to.directory, to.name, 0, request.signal);
  checkSticky(from.directory, node, request);
  if (target === undefined || target === node) return target;
  if (noReplace) throw existsFailure(context, to.directory, to.name);
  if (target.kind !== 'directory') throw new Failure('not-directory', `"${to.name}" is not a directory`);
  if (isInside(from.directory, target)) throw new Failure('not-empty', `"${to.name}" is not empty`);
  checkSticky(to.directory, target, request);
  return target;
}

async function move(
  context: Context,
  node: DirectoryNode,
  target: DirectoryNode | undefined,
  from: Place,
  to: Place,
  request: Request,
): Promise<void> {
  if (node.detached || from.directory.children.get(from.name) !== node) {
    noEntry(context, from.directory, from.name);
  }
  await saveBelow(context, node, (file) => flushLocked(context, file, request.signal));
  if (target !== undefined) await assertEmpty(context, target, request.signal);
  const oldPrefix = childrenPrefix(context, node);
  const newPrefix = directoryKey(context, to.directory, to.name);
  await checkPlace(context, to.directory, newPrefix);
  await keepDirectory(context, from.directory);
  const moved = await moveAll(context, node, oldPrefix, newPrefix, target !== undefined);
  if (target !== undefined) noteRemoved(context, to.directory, target);
  context.table.move(node, to.directory, to.name);
  noteMoved(context, node, moved);
  to.directory.absent.delete(to.name);
  countSubdirectories(from, to, target !== undefined);
  touch(context, from.directory);
  touch(context, to.directory);
}

async function moveAll(
  context: Context,
  node: DirectoryNode,
  oldPrefix: string,
  newPrefix: string,
  replaces: boolean,
): Promise<MovedKeys> {
  // Persists the new ctime, and makes sure that an empty directory has a key to move.
  await writeMarker(context, node, { ...node.posix, ctimeNs: context.nowNs() });
  const objects = await listMovable(context, oldPrefix, newPrefix);
  const links = await linkedBelow(
    context,
    objects.map(({ key }) => key),
  );
  const linked = links.map((id) => context.table.linked(id)).filter((one) => one !== undefined);
  return await context.locks.run(linked.map(nodeLock), () =>
    moveObjects(
      context,
      objects,
      { operation: 'rename-directory', from: oldPrefix, to: newPrefix, links },
      replaces,
    ),
  );
}

async function moveObjects(
  context: Context,
  objects: readonly TreeObject[],
  operation: OperationOf<'rename-directory'>,
  replaces: boolean,
): Promise<MovedKeys> {
  const { to, links } = operation;
  const newKeys = objects.map(({ segments }) => keyInTree(context, to, segments));
  const intent = await context.intents.open(operation);
  try {
    const moved = await copyOrTakeBack(context, objects, newKeys, to, replaces);
    const oldKeys = objects.map(({ key }) => key);
    if (links.length === 0) {
      await deleteKeys(context, [...oldKeys, intent.key]);
    } else {
      await deleteKeys(context, oldKeys);
      const moves = new Map(oldKeys.map((key, index) => [key, newKeys[index] ?? key]));
      for (const id of links) {
        await settleGroup(context, id, (names) => names.map((name) => moves.get(name) ?? name));
      }
      await context.store.delete(intent.key);
    }
    context.intents.closed(intent);
    return moved;
  } catch (error) {
    context.intents.abandon(intent);
    throw error;
  }
}

/** @throws What a copy threw, after the copies are gone again. */
async function copyOrTakeBack(
  context: Context,
  objects: readonly TreeObject[],
  newKeys: readonly string[],
  to: string,
  replaces: boolean,
): Promise<MovedKeys> {
  try {
    return await copyKeys(context, objects, to);
  } catch (error) {
    // The marker of an empty directory that was to be replaced must stay, though with other attributes.
    await deleteKeys(
      context,
      newKeys.filter((key) => !(replaces && key === to)),
    );
    throw error;
  }
}

/** Copies may have other ETags than their sources: nodes that are in memory must know them. */
export function noteMoved(context: Context, node: Node, moved: MovedKeys): void {
  noteEtag(node, moved.get(nodeKey(context, node)));
  if (node.kind !== 'directory') return;
  for (const child of node.children.values()) noteMoved(context, child, moved);
}

function noteEtag(node: Node, etag: string | undefined): void {
  if (etag !== undefined && node.object !== undefined) noteWritten(node, { ...node.object, etag });
}

function countSubdirectories(from: Place, to: Place, replaced: boolean): void {
  if (from.directory.subdirectories !== undefined) from.directory.subdirectories -= 1;
  if (to.directory.subdirectories !== undefined && !replaced) to.directory.subdirectories += 1;
}
