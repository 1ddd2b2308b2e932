import { randomUUID } from 'node:crypto';
import { Failure } from '../../errors/failure.js';
import { nodeLock, type Context } from '../context.js';
import { copyWhole } from '../data/server-copy.js';
import { flushLocked } from '../data/upload.js';
import { entryOf, touch } from '../entries.js';
import { nodeKey, objectKey } from '../keys.js';
import { assertLinkable, copied } from '../links/update.js';
import { changeRecord, LINK_METADATA, withoutLink, recordKey } from '../links/record.js';
import { formatSeconds } from '../metadata/time-text.js';
import type { DirectoryNode, LinkGroup, Node, StoredObject } from '../nodes/node.js';
import { describe, noteWritten, storedAfter } from '../objects.js';
import type { FileSystem, Request } from '../operations.js';
import { noEntry } from '../resolve.js';
import { atFreeName, checkPlace } from './make.js';
import { isTemporary, nameTemporary } from './temporary.js';

/** link(2). */
export function linkOperations(context: Context): Pick<FileSystem, 'link'> {
  return {
    link: async (ino, newParent, newName, request) => {
      const node = context.table.get(ino);
      if (node.kind === 'directory') {
        throw new Failure('not-permitted', 'A directory can not have a second name');
      }
      const inside = node.parent;
      return await atFreeName(
        context,
        newParent,
        newName,
        request,
        async (directory) => {
          const work = (): Promise<void> =>
            isTemporary(node)
              ? nameTemporary(context, node, directory, newName, request)
              : link(context, node, directory, newName, request);
          await context.locks.run([nodeLock(node)], work, request.signal);
          touch(context, directory);
          return entryOf(context, node);
        },
        inside,
      );
    },
  };
}

async function link(
  context: Context,
  node: Node,
  directory: DirectoryNode,
  name: string,
  request: Request,
): Promise<void> {
  if (node.detached) noEntry(context, directory, node.name);
  assertLinkable(node);
  if (node.kind === 'file') await flushLocked(context, node, request.signal);
  const key = objectKey(context, directory, name);
  await checkPlace(context, directory, key);
  const { object } = node;
  if (object === undefined) throw new Failure('stale', `${node.name} has no object`, { subject: node.name });
  const id = node.links?.id ?? randomUUID();
  const names = [...(node.links?.names.keys() ?? [nodeKey(context, node)]), key];
  const intent = await context.intents.open({ operation: 'link', id, names });
  try {
    const ctimeNs = context.nowNs();
    const links = await announce(context, node, object, id, names, ctimeNs);
    node.posix = { ...node.posix, ctimeNs };
    links.names.set(key, await copyTo(context, node, key));
    context.table.addPlace(node, { directory, name });
    directory.absent.delete(name);
  } catch (error) {
    node.checkedAtMs = -Infinity;
    context.intents.abandon(intent);
    throw error;
  }
  context.intents.close(intent);
}

/** The record says the names, and the object that it is one of several: before the new name is there. */
async function announce(
  context: Context,
  node: Node,
  object: StoredObject,
  id: string,
  names: readonly string[],
  ctimeNs: bigint,
): Promise<LinkGroup> {
  const ctime = formatSeconds(ctimeNs);
  const recorded = changeRecord(context, id, (before) => ({
    version: 1,
    ino: before?.ino ?? `${node.ino}`,
    ctime,
    names: [...new Set([...(before?.names ?? []), ...names])],
  }));
  if (node.links !== undefined) {
    await recorded;
    return node.links;
  }
  const marked = mark(context, node, object, id, ctimeNs);
  const [first, second] = await Promise.allSettled([recorded, marked]);
  if (first.status === 'rejected') throw first.reason;
  if (second.status === 'rejected') throw second.reason;
  const links: LinkGroup = {
    id,
    names: new Map([[nodeKey(context, node), node.object]]),
    lost: new Set(),
    places: [],
  };
  context.table.setLinks(node, links);
  return links;
}

async function mark(
  context: Context,
  node: Node,
  object: StoredObject,
  id: string,
  ctimeNs: bigint,
): Promise<void> {
  const marked = { ...object, metadata: { ...object.metadata, [LINK_METADATA]: id } };
  await rewrite(context, node, marked, ctimeNs);
}

/** Copies a node's object onto itself with other metadata. */
async function rewrite(context: Context, node: Node, object: StoredObject, ctimeNs: bigint): Promise<void> {
  const key = nodeKey(context, node);
  const replace = describe(context, { ...node.posix, ctimeNs }, object, false);
  const result = await copyWhole(context, { key, ...object }, key, { replace });
  noteWritten(node, storedAfter(result, replace, object.sizeBytes, object));
}

async function copyTo(context: Context, node: Node, key: string): Promise<StoredObject> {
  const { object } = node;
  if (object === undefined) throw new Failure('stale', `${node.name} has no object`, { subject: node.name });
  const result = await copyWhole(context, { key: nodeKey(context, node), ...object }, key);
  return copied(object, result.etag);
}

/**
 * After one of a file's names went from S3: the record no longer names it. A file that has one name left is an ordinary
 * one again. The caller holds the node's lock.
 */
export async function recordRemoved(context: Context, node: Node, key: string): Promise<void> {
  const { links } = node;
  if (links === undefined) return;
  const ctimeNs = context.nowNs();
  node.posix = { ...node.posix, ctimeNs };
  const left = [...links.names.keys()].filter((name) => name !== key);
  // A name that was not looked up here yet is found by the record, as the same inode.
  if (left.length > 1 || (left.length === 1 && node.parent === undefined)) {
    await changeRecord(context, links.id, (record) => {
      if (record === undefined) return undefined;
      return { ...record, ctime: formatSeconds(ctimeNs), names: record.names.filter((name) => name !== key) };
    });
    return;
  }
  const { object } = node;
  await Promise.all([
    context.store.delete(recordKey(context, links.id)),
    left.length === 1 && object !== undefined ? unmark(context, node, object, ctimeNs) : undefined,
  ]);
  context.table.clearLinks(node);
}

/** Without the mark a cold lookup does not look for a record. */
async function unmark(context: Context, node: Node, object: StoredObject, ctimeNs: bigint): Promise<void> {
  const plain = { ...object, metadata: withoutLink(object.metadata) };
  if (node.kind === 'file' && node.contentDirty) node.object = plain;
  else await rewrite(context, node, plain, ctimeNs);
}
