import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { Failure } from '../../errors/failure.js';
import type { Context } from '../context.js';
import { RESERVED_NAME } from '../names.js';
import type { FileNode } from '../nodes/node.js';
import { ensureStage, giveBack } from './content.js';
import { abandonStream, detachStream, dropStream } from './streaming.js';
import { isCurrent, park, parkedMark, unpark, versionOf } from './version.js';

/** Up to here one GET is cheaper than a copy and a deletion. */
const FETCH_MAX_BYTES = 8 * 1024 * 1024;
/** Nobody keeps a removed file open for longer; what is older was left by a mount whose machine never came back. */
const PARKED_MAX_MS = 7 * 24 * 3600 * 1000;

/** Where the mount with this cache folder parks; another mount's keys are left to it. */
export function parkedPrefix(prefix: string, cacheDir: string): string {
  const identity = createHash('sha256').update(`${hostname()}\n${cacheDir}`).digest('hex').slice(0, 16);
  return `${parkedRoot(prefix)}${identity}/`;
}

/**
 * Before a file's object goes or is replaced: what still refers to it must stay readable. Small ones are fetched, larger
 * ones parked. The caller holds the node's lock.
 */
export async function keepContent(context: Context, node: FileNode, signal?: AbortSignal): Promise<void> {
  if (node.openCount > 0) await detachStream(context, node, true, signal);
  else await dropStream(node);
  const { object } = node;
  if (object === undefined || object.sizeBytes === 0) return;
  const version = versionOf(node, object);
  const isBorrowed = version.borrowers > 0;
  if (isBorrowed || (node.openCount > 0 && awayBytes(node) > FETCH_MAX_BYTES)) {
    await park(context, version, signal);
    return;
  }
  if (node.openCount > 0 && needsObject(node))
    await ensureStage(context, node).fetchAll(FETCH_MAX_BYTES, signal);
  node.stage?.forget(version);
}

/** Before a file's object is replaced by what it holds now: copies of its ranges may not have been saved yet. */
export async function keepForBorrowers(
  context: Context,
  node: FileNode,
  signal?: AbortSignal,
): Promise<void> {
  const { version } = node;
  if (version !== undefined && version.borrowers > 0 && isCurrent(version))
    await park(context, version, signal);
}

/** At the end of the mount. */
export async function forgetContent(context: Context, node: FileNode): Promise<void> {
  await abandonStream(context, node);
  await node.stage?.discard();
  await giveBack(context, node.stage);
  if (node.version !== undefined) await unpark(context, node.version);
}

/**
 * Removes what an earlier mount with the same cache folder has parked; costs no request where it has left no mark. Call
 * it before the folder is emptied. Never fails: what stays is removed when it is old.
 */
export async function clearParked(context: Context): Promise<void> {
  if (context.mount.readOnly || !(await wasParked(context))) return;
  try {
    const { objects } = await context.store.list({ prefix: parkedRoot(context.prefix) });
    const isOver = (lastModifiedMs: number): boolean => Date.now() - lastModifiedMs > PARKED_MAX_MS;
    const keys = objects
      .filter((object) => object.key.startsWith(context.parkedPrefix) || isOver(object.lastModifiedMs))
      .map(({ key }) => key);
    if (keys.length > 0) await context.store.deleteMany(keys);
  } catch (error) {
    context.log.warn({ reason: Failure.from(error).message }, 'parked copies could not be removed');
  }
}

async function wasParked(context: Context): Promise<boolean> {
  return await stat(parkedMark(context)).then(
    () => true,
    () => false,
  );
}

function parkedRoot(prefix: string): string {
  return `${prefix}${RESERVED_NAME}/parked/`;
}

function needsObject(node: FileNode): boolean {
  return node.stage === undefined || awayBytes(node) > 0;
}

/** Bytes that only S3 has, of the version that the file holds there. */
function awayBytes(node: FileNode): number {
  const { stage } = node;
  if (stage === undefined) return node.object?.sizeBytes ?? 0;
  return stage.extents
    .filter(({ source, copy }) => source === 'away' && copy !== undefined && isCurrent(copy.version))
    .reduce((sum, { start, end }) => sum + end - start, 0);
}
