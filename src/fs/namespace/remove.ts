import { Failure } from '../../errors/failure.js';
import { monotonicMs } from '../clock.js';
import { assertAttached, assertWritable, nameLock, nodeLock, type Context } from '../context.js';
import { keepContent } from '../data/keep.js';
import { dropRecovery } from '../data/recovery.js';
import { leaving } from '../data/version.js';
import { touch } from '../entries.js';
import { childrenPrefix, nodeKey } from '../keys.js';
import { S_ISVTX } from '../modes.js';
import { forgetName, keyOf, standElsewhere } from '../links/group.js';
import { isPending, type DirectoryNode, type Node, type Place } from '../nodes/node.js';
import { frozen, within } from '../nodes/subtree.js';
import type { FileSystem, Request } from '../operations.js';
import { keepDirectory } from '../persist.js';
import { hasOverflow } from '../probe.js';
import { findChild, lookupChild, noEntry, noteAbsent } from '../resolve.js';
import { settleRemoved } from '../write-back/settle.js';
import { recordRemoved } from './link.js';
import { atName } from './make.js';

type RemoveOperations = Pick<FileSystem, 'unlink' | 'rmdir'>;

/** Operations that take a name away. */
export function removeOperations(context: Context): RemoveOperations {
  return {
    unlink: async (parent, name, request) => {
      await atName(context, parent, name, request, (directory) => unlink(context, directory, name, request));
    },
    rmdir: async (parent, name, request) => {
      assertWritable(context);
      const directory = context.table.directory(parent);
      await within([directory], request.signal, async () => {
        assertAttached(directory);
        const node = await lookupChild(context, directory, name, request.signal);
        if (node.kind !== 'directory') throw new Failure('not-directory', `"${name}" is not a directory`);
        await frozen([node], () =>
          context.locks.run([nameLock(directory, name)], () =>
            rmdir(context, directory, node, name, request),
          ),
        );
      });
    },
  };
}

/** @throws Failure `not-permitted` where a sticky directory protects another user's file. */
export function checkSticky(directory: DirectoryNode, node: Node, request: Request): void {
  if ((directory.posix.mode & S_ISVTX) === 0 || request.uid === 0) return;
  if (request.uid === directory.posix.uid || request.uid === node.posix.uid) return;
  throw new Failure('not-permitted', `"${node.name}" belongs to another user in a sticky directory`);
}

/** @throws Failure `not-empty` where the directory has children, in S3 or only here. */
export async function assertEmpty(
  context: Context,
  node: DirectoryNode,
  signal?: AbortSignal,
): Promise<void> {
  const prefix = childrenPrefix(context, node);
  const abort = signal === undefined ? {} : { signal };
  const pending = [...node.children.values()].some(isPending);
  const page = pending ? undefined : await context.store.list({ prefix, maxKeys: 2, ...abort });
  const only = page?.objects.every((object) => object.key === prefix) === true;
  if (only && !(await hasOverflow(context, prefix, signal))) return;
  throw new Failure('not-empty', `"${node.name}" is not empty`, { subject: prefix });
}

/**
 * Before a file's object goes or is replaced: open descriptors must still read it. The caller holds the node's lock.
 */
export async function keepForReaders(context: Context, node: Node, signal?: AbortSignal): Promise<void> {
  if (node.kind === 'file') await keepContent(context, node, signal);
}

/** After its object went: no name leads to the node any more. */
export function noteRemoved(
  context: Context,
  directory: DirectoryNode,
  node: Node,
  name: string = node.name,
): void {
  node.posix = { ...node.posix, ctimeNs: context.nowNs() };
  node.revision += 1;
  noteAbsent(directory, name, monotonicMs());
  context.table.detach(node);
}

async function unlink(
  context: Context,
  directory: DirectoryNode,
  name: string,
  request: Request,
): Promise<void> {
  const node = await findChild(context, directory, name, 0, request.signal);
  if (node === undefined) return noEntry(context, directory, name);
  if (node.kind === 'directory') throw new Failure('is-directory', `"${name}" is a directory`);
  checkSticky(directory, node, request);
  const place = { directory, name };
  const remove = async (): Promise<void> => {
    if (node.object !== undefined) await keepDirectory(context, directory);
    const last = await prepareRemoval(context, node, place, request.signal);
    if (node.object !== undefined) await context.store.delete(keyOf(context, place));
    if (last && node.kind === 'file') await dropRecovery(node);
    await finishRemoval(context, node, place, last);
  };
  await context.locks.run([nodeLock(node)], () =>
    node.kind === 'file' ? leaving(node, place, remove) : remove(),
  );
  touch(context, directory);
}

/**
 * Before a name of a file goes from S3, or is given to another file. The caller holds the node's lock.
 *
 * @returns Whether it is the last one; open descriptors then read a copy.
 */
export async function prepareRemoval(
  context: Context,
  node: Node,
  place: Place,
  signal?: AbortSignal,
): Promise<boolean> {
  if (await standElsewhere(context, node, keyOf(context, place))) return false;
  await keepForReaders(context, node, signal);
  return true;
}

/** After the name went. */
export async function finishRemoval(
  context: Context,
  node: Node,
  place: Place,
  last: boolean,
): Promise<void> {
  const key = keyOf(context, place);
  await recordRemoved(context, node, key);
  if (last) {
    noteRemoved(context, place.directory, node, place.name);
    await settleRemoved(context, node);
    return;
  }
  forgetName(context, node, key);
  if (place.directory.children.get(place.name) === node) place.directory.children.delete(place.name);
  noteAbsent(place.directory, place.name, monotonicMs());
  node.revision += 1;
}

async function rmdir(
  context: Context,
  directory: DirectoryNode,
  node: DirectoryNode,
  name: string,
  request: Request,
): Promise<void> {
  if (node.detached || directory.children.get(name) !== node) noEntry(context, directory, name);
  checkSticky(directory, node, request);
  await assertEmpty(context, node, request.signal);
  await keepDirectory(context, directory);
  const prefix = nodeKey(context, node);
  await context.store.delete(prefix);
  context.indexes.forget(context, node, prefix);
  noteRemoved(context, directory, node);
  if (directory.subdirectories !== undefined) directory.subdirectories -= 1;
  touch(context, directory);
}
