import { Failure } from '../../errors/failure.js';
import type { ObjectDescription } from '../../s3/store.js';
import { monotonicMs } from '../clock.js';
import { assertAttached, assertWritable, nameLock, nodeLock, type Context } from '../context.js';
import { copyWhole } from '../data/server-copy.js';
import { flushLocked, uploadTo } from '../data/upload.js';
import { leaving } from '../data/version.js';
import { touch } from '../entries.js';
import { nodeKey } from '../keys.js';
import { keyOf, standAt } from '../links/group.js';
import { changeRecord } from '../links/record.js';
import { renamedType } from '../metadata/content-type.js';
import { formatSeconds } from '../metadata/time-text.js';
import { checkName, isReserved } from '../names.js';
import { isDirty, type Node, type Place, type StoredObject } from '../nodes/node.js';
import { within } from '../nodes/subtree.js';
import { describe, headOrNothing, noteWritten, storedAfter, storedFrom } from '../objects.js';
import type { FileSystem, Request } from '../operations.js';
import { keepDirectory } from '../persist.js';
import { refresh } from '../refresh.js';
import { findChild, JUST_ASKED_MS, noEntry, noteAbsent } from '../resolve.js';
import { settleFailure } from '../write-back/settle.js';
import { exchange } from './exchange.js';
import { checkPlace, existsFailure } from './make.js';
import { deleteKeys } from './move-keys.js';
import { checkSticky, finishRemoval, prepareRemoval } from './remove.js';
import { renameDirectory } from './rename-directory.js';

/** renameat2(2) flags, include/uapi/linux/fs.h. */
const RENAME_NOREPLACE = 1;
const RENAME_EXCHANGE = 2;

/** rename(2), renameat2(2). */
export function renameOperations(context: Context): Pick<FileSystem, 'rename'> {
  return {
    rename: async (parent, name, newParent, newName, flags, request) => {
      assertWritable(context);
      const from = { directory: context.table.directory(parent), name };
      const to = { directory: context.table.directory(newParent), name: newName };
      for (const place of [from, to]) checkFree(context, place);
      if (flags === RENAME_EXCHANGE) {
        await exchange(context, from, to, request);
        return;
      }
      if ((flags & ~RENAME_NOREPLACE) !== 0) {
        throw new Failure('invalid-argument', `There are no whiteouts here (flags ${flags})`);
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
  if (target !== undefined) {
    if (noReplace) throw existsFailure(context, to.directory, to.name);
    // Two names of one file: nothing happens, says rename(2).
    if (target === node) return true;
  }
  checkSticky(from.directory, node, request);
  if (target !== undefined) {
    if (target.kind === 'directory') throw new Failure('is-directory', `"${to.name}" is a directory`);
    checkSticky(to.directory, target, request);
  }
  const locks = [node, ...(target === undefined ? [] : [target])].map(nodeLock);
  const work = (): Promise<void> => replace(context, node, target, from, to, request);
  const run = target?.kind === 'file' ? (): Promise<void> => leaving(target, to, work) : work;
  await context.locks.run(locks, run, request.signal);
  touch(context, from.directory);
  touch(context, to.directory);
  return true;
}

/** The new name gets the bytes first, then the old one goes; a record sees to it that the next mount ends it. */
async function replace(
  context: Context,
  node: Node,
  target: Node | undefined,
  from: Place,
  to: Place,
  request: Request,
): Promise<void> {
  const newKey = keyOf(context, to);
  await checkPlace(context, to.directory, newKey);
  if (node.links !== undefined) {
    if (node.kind === 'file') await flushLocked(context, node, request.signal);
    await standAt(context, node, from, request.signal);
  }
  const last = target === undefined || (await prepareRemoval(context, target, to, request.signal));
  const replaced = target?.links !== undefined && !last ? await objectAt(context, newKey) : target?.object;
  node.posix = { ...node.posix, ctimeNs: context.nowNs() };
  if (node.object === undefined) await putAt(context, node, newKey, replaced);
  else await moveObject(context, node, newKey, replaced, target, from);
  if (target !== undefined) await finishRemoval(context, target, to, last);
  context.table.move(node, to.directory, to.name);
  to.directory.absent.delete(to.name);
  noteAbsent(from.directory, from.name, monotonicMs());
}

async function objectAt(
  context: Context,
  key: string,
  signal?: AbortSignal,
): Promise<StoredObject | undefined> {
  const head = await headOrNothing(context, key, signal);
  return head === undefined ? undefined : storedFrom(head);
}

async function moveObject(
  context: Context,
  node: Node,
  newKey: string,
  replaced: StoredObject | undefined,
  target: Node | undefined,
  from: Place,
): Promise<void> {
  const oldKey = nodeKey(context, node);
  await keepDirectory(context, from.directory);
  const { id } = node.links ?? {};
  const intent = await context.intents.open({
    operation: 'rename-file',
    from: oldKey,
    to: newKey,
    fromEtag: node.object?.etag ?? '',
    ctime: formatSeconds(node.posix.ctimeNs),
    links: [id, target?.links?.id].filter((link) => link !== undefined),
  });
  try {
    await putAt(context, node, newKey, replaced);
    if (id !== undefined) await renameInRecord(context, node, id, oldKey, newKey);
    await deleteKeys(context, [oldKey, intent.key]);
  } catch (error) {
    node.checkedAtMs = -Infinity;
    context.intents.abandon(intent);
    throw error;
  }
  context.intents.closed(intent);
}

async function renameInRecord(
  context: Context,
  node: Node,
  id: string,
  oldKey: string,
  newKey: string,
): Promise<void> {
  await changeRecord(context, id, (record) => {
    if (record === undefined) return undefined;
    const names = record.names.filter((name) => name !== oldKey && name !== newKey);
    return { ...record, ctime: formatSeconds(node.posix.ctimeNs), names: [newKey, ...names] };
  });
  if (node.links === undefined) return;
  const others = [...node.links.names].filter(([name]) => name !== oldKey && name !== newKey);
  node.links.names = new Map([[newKey, node.object], ...others]);
}

async function putAt(
  context: Context,
  node: Node,
  newKey: string,
  replaced: StoredObject | undefined,
): Promise<void> {
  if (node.kind === 'file' && isDirty(node)) {
    try {
      await uploadTo(context, node, newKey, replaced);
    } catch (error) {
      throw await settleFailure(context, node, Failure.from(error));
    }
    return;
  }
  await copyTo(context, node, newKey);
}

async function copyTo(context: Context, node: Node, newKey: string): Promise<void> {
  for (let tries = 2; tries > 0; tries -= 1) {
    const { object } = node;
    if (object === undefined) break;
    const replace = describeAt(context, node, object, newKey);
    try {
      const source = { key: nodeKey(context, node), ...object };
      const result = await copyWhole(context, source, newKey, { replace });
      noteWritten(node, storedAfter(result, replace, object.sizeBytes, object));
      return;
    } catch (error) {
      const changed = error instanceof Failure && error.kind === 'precondition-failed';
      if (!changed || !(await refresh(context, node))) throw error;
    }
  }
  throw new Failure('stale', `${node.name} was replaced by another client`, { subject: node.name });
}

function describeAt(context: Context, node: Node, object: StoredObject, newKey: string): ObjectDescription {
  const description = describe(context, node.posix, object, false);
  if (node.kind !== 'file' || context.mount.contentType !== 'by-extension') return description;
  const contentType = renamedType(object.headers.contentType, nodeKey(context, node), newKey);
  if (contentType === undefined) return description;
  return { ...description, headers: { ...object.headers, contentType } };
}
