import { Failure } from '../errors/failure.js';
import type { Context } from './context.js';
import { copyWhole } from './data/server-copy.js';
import { replacing } from './data/version.js';
import { nodeKey } from './keys.js';
import { updateAllNames } from './links/update.js';
import type { Posix } from './metadata/posix.js';
import type { DirectoryNode, Node } from './nodes/node.js';
import { describe, DIRECTORY_CONTENT_TYPE, guardedPut, noteWritten, storedAfter } from './objects.js';
import { refresh } from './refresh.js';

const NO_BYTES = new Uint8Array(0);
const TRIES = 3;

/**
 * Writes new attributes of a node to S3: a copy of the object onto itself that restates everything else. The caller
 * holds the node's lock. Where another client replaced the object meanwhile, `change` is applied to what is there now.
 *
 * @throws Failure `no-space` where the attributes are too long, `stale`, or the store's.
 */
export async function persistPosix(
  context: Context,
  node: Node,
  change: (posix: Posix) => Posix,
): Promise<void> {
  if (node.kind === 'directory') {
    await writeMarker(context, node, change(node.posix));
    return;
  }
  await updateAllNames(context, node, () => persistObject(context, node, change));
}

async function persistObject(context: Context, node: Node, change: (posix: Posix) => Posix): Promise<void> {
  for (let tries = TRIES; tries > 0; tries -= 1) {
    if (await copyOntoItself(context, node, change(node.posix))) return;
    if (!(await refresh(context, node))) break;
  }
  throw new Failure('stale', `${node.name} was replaced by another client`, { subject: node.name });
}

/** `false` where the object is no longer the one that we know. */
async function copyOntoItself(context: Context, node: Node, posix: Posix): Promise<boolean> {
  const object = node.object;
  if (object === undefined) throw new Failure('internal', `${node.name} has no object`);
  const key = nodeKey(context, node);
  const replace = describe(context, posix, object, false);
  const copy = async (): Promise<void> => {
    const result = await copyWhole(context, { key, ...object }, key, { replace });
    noteWritten(node, storedAfter(result, replace, object.sizeBytes, object));
    node.posix = posix;
  };
  try {
    await (node.kind === 'file' ? replacing(node, copy) : copy());
    return true;
  } catch (error) {
    if (error instanceof Failure && ['precondition-failed', 'missing'].includes(error.kind)) return false;
    throw error;
  }
}

/** Writes a directory's marker object; one that another tool filled with bytes or tagged is copied onto itself. */
export async function writeMarker(context: Context, node: DirectoryNode, posix: Posix): Promise<void> {
  const before = node.posix;
  await storeMarker(context, node, posix);
  noteMarker(node, posix, before);
}

/** A child that came or went meanwhile has changed the times again. */
function noteMarker(node: DirectoryNode, posix: Posix, before: Posix): void {
  const { mtimeNs, ctimeNs } = node.posix;
  node.timesDirty = mtimeNs > before.mtimeNs;
  node.posix = node.timesDirty ? { ...posix, mtimeNs, ctimeNs } : posix;
}

async function storeMarker(context: Context, node: DirectoryNode, posix: Posix): Promise<void> {
  const key = nodeKey(context, node);
  const description = describe(context, posix, node.object, false);
  const { object } = node;
  if (object !== undefined && (object.sizeBytes > 0 || object.tagCount !== undefined)) {
    const result = await context.store.copy(key, key, { replace: description });
    noteWritten(node, storedAfter(result, description, object.sizeBytes, object));
  } else {
    const full = { ...description, headers: { ...description.headers, contentType: DIRECTORY_CONTENT_TYPE } };
    noteWritten(node, storedAfter(await context.store.put(key, NO_BYTES, full), full, 0));
  }
}

/** Before its last child may go: a directory without a marker would vanish with it. */
export async function keepDirectory(context: Context, node: DirectoryNode): Promise<void> {
  if (node.object === undefined && node !== context.root) await writeMarker(context, node, node.posix);
}

/**
 * Writes times that changed with children, where the directory has a marker to hold them. One that another client has
 * removed meanwhile is not made again. The caller holds the node's lock.
 */
export async function persistTimes(context: Context, node: DirectoryNode): Promise<void> {
  const { object, posix } = node;
  if (!node.timesDirty || node.detached || object === undefined) return;
  if (object.sizeBytes > 0 || object.tagCount !== undefined) {
    await writeMarker(context, node, posix);
    return;
  }
  const description = describe(context, posix, object, false);
  const full = { ...description, headers: { ...description.headers, contentType: DIRECTORY_CONTENT_TYPE } };
  try {
    noteWritten(node, await guardedPut(context, nodeKey(context, node), NO_BYTES, full, object));
  } catch (error) {
    if (!(error instanceof Failure) || !['precondition-failed', 'missing'].includes(error.kind)) throw error;
    node.timesDirty = false;
    node.checkedAtMs = -Infinity;
    return;
  }
  noteMarker(node, posix, posix);
}
