import type { ObjectHead } from '../s3/store.js';
import { monotonicMs } from './clock.js';
import type { Context } from './context.js';
import { isYoung, confirm } from './index/answers.js';
import { headOf } from './index/facts.js';
import { listingFor } from './index/listing.js';
import { indexedObject } from './index/load.js';
import { childrenPrefix, nodeKey } from './keys.js';
import { keyOf, sameVersion } from './links/group.js';
import { refreshName } from './links/refresh.js';
import { fileType } from './modes.js';
import { keySegment } from './names.js';
import { isDirty, isPending, type DirectoryNode, type Node, type StoredObject } from './nodes/node.js';
import { headOrNothing, posixFrom, storedFrom, storedFromIndex } from './objects.js';
import { hasKeys, hasOverflow } from './probe.js';

/** Whether what we know of a node is young enough to be told without asking S3. */
export function isFresh(context: Context, node: Node): boolean {
  if (isPending(node) || isDirty(node) || node.detached || node === context.root) return true;
  return monotonicMs() - node.checkedAtMs < context.mount.attributeTtlMs;
}

/** As {@link revalidate}, for a name by which the node is known: it may have others. */
export async function revalidateAt(
  context: Context,
  node: Node,
  directory: DirectoryNode,
  name: string,
  signal?: AbortSignal,
): Promise<boolean> {
  if (node.links === undefined) return await revalidate(context, node, signal);
  if (await refreshName(context, node, keyOf(context, { directory, name }), adopt, signal)) return true;
  return node.links.names.size === 0 ? noteGone(context, node) : false;
}

/**
 * Asks S3 again about a known node.
 *
 * @returns `false` where the node is no longer what its name leads to; it is then detached.
 */
export async function refresh(context: Context, node: Node, signal?: AbortSignal): Promise<boolean> {
  if (node.links !== undefined) return await refreshLinked(context, node, signal);
  const revision = node.revision;
  const askedMs = monotonicMs();
  const head = await headOrNothing(context, nodeKey(context, node), signal);
  if (node.revision !== revision || isDirty(node)) return !node.detached;
  if (node.kind === 'directory') return await refreshDirectory(context, node, head, askedMs, signal);
  if (head !== undefined && adopt(context, node, head, storedFrom(head, node.object), askedMs)) return true;
  return noteGone(context, node);
}

/**
 * As {@link refresh}, but a listing of its directory will do where one is at hand or many such questions come at once.
 */
export async function revalidate(context: Context, node: Node, signal?: AbortSignal): Promise<boolean> {
  const { parent, revision } = node;
  const isOne = node.kind === 'directory' || node.links !== undefined || parent === undefined;
  if (isOne) return await refresh(context, node, signal);
  const listing = await listingFor(context, parent, signal);
  if (isFresh(context, node)) return !node.detached;
  const isAnswer = listing !== undefined && isYoung(context, listing.atMs) && listing.atMs > node.checkedAtMs;
  if (!isAnswer || node.revision !== revision || node.parent !== parent) {
    return await refresh(context, node, signal);
  }
  const listed = listing.names.get(node.name);
  if (confirm(node, listed?.facts, listing.atMs)) return true;
  const row = indexedObject(parent, keySegment(node.name), listed?.facts);
  if (listed !== undefined && row === undefined) return await refresh(context, node, signal);
  const head = row === undefined ? undefined : headOf(nodeKey(context, node), row);
  if (
    row !== undefined &&
    head !== undefined &&
    adopt(context, node, head, storedFromIndex(row), listing.atMs)
  ) {
    if (node.kind === 'symlink') node.target ??= row.target;
    return true;
  }
  return noteGone(context, node);
}

/** By any of its names; those that turn out to be gone are forgotten on the way. */
async function refreshLinked(context: Context, node: Node, signal?: AbortSignal): Promise<boolean> {
  while (!node.detached && node.links !== undefined && node.links.names.size > 0) {
    if (await refreshName(context, node, nodeKey(context, node), adopt, signal)) return true;
  }
  return node.detached ? false : noteGone(context, node);
}

async function refreshDirectory(
  context: Context,
  node: DirectoryNode,
  marker: ObjectHead | undefined,
  askedMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  if (marker !== undefined) {
    if (!node.timesDirty) node.posix = posixFrom(context, marker, true);
    node.object = storedFrom(marker, node.object);
  } else if (node.parent !== undefined && !(await hasChildren(context, node, signal))) {
    return noteGone(context, node);
  } else {
    node.object = undefined;
  }
  node.checkedAtMs = askedMs;
  return true;
}

async function hasChildren(context: Context, node: DirectoryNode, signal?: AbortSignal): Promise<boolean> {
  if ([...node.children.values()].some(isPending)) return true;
  const prefix = childrenPrefix(context, node);
  return (await hasKeys(context, prefix, signal)) || (await hasOverflow(context, prefix, signal));
}

/** Another client has removed or replaced what the name led to. Always `false`. */
function noteGone(context: Context, node: Node): false {
  const { parent, name } = node;
  if (parent !== undefined && node.lookups > 0n) context.kernel.notifier?.invalidateEntry(parent.ino, name);
  context.table.detach(node);
  return false;
}

/** Takes over what S3 says of an object; `false` where it is another file than the one that is open here. */
export function adopt(
  context: Context,
  node: Node,
  head: ObjectHead,
  object: StoredObject,
  askedMs: number,
): boolean {
  const posix = posixFrom(context, head, false);
  if (fileType(posix.mode) !== fileType(node.posix.mode)) return false;
  const sameBytes = sameVersion(node.object, storedFrom(head));
  if (!sameBytes && node.openCount > 0) return false;
  if (!sameBytes && node.kind === 'file') {
    node.contentVersion += 1;
    node.foreignVersion += 1;
    if (node.lookups > 0n) context.kernel.notifier?.invalidateInode(node.ino, 0n, 0n);
  }
  if (!sameBytes && node.kind === 'symlink') node.target = undefined;
  node.posix = posix;
  node.object = object;
  node.checkedAtMs = askedMs;
  return true;
}
