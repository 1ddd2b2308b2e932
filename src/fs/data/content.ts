import type { Readable } from 'node:stream';
import { Failure } from '../../errors/failure.js';
import type { BlockSource } from '../../cache/block-cache.js';
import type { Context } from '../context.js';
import { nodeKey } from '../keys.js';
import { orAbort } from '../locks.js';
import type { FileHandle, FileNode, StoredObject } from '../nodes/node.js';
import { within } from '../nodes/subtree.js';
import { Stage } from './stage.js';

/** Larger objects come by the transporter, in parallel ranges. */
const SINGLE_GET_BYTES = 8 * 1024 * 1024;
let stageNumber = 0;

/** Reads from the stage, or from S3 through the block cache, always of one version. */
export async function readContent(
  context: Context,
  handle: FileHandle,
  offset: number,
  lengthBytes: number,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  const { node } = handle;
  if (node.stage !== undefined) return [await node.stage.read(offset, lengthBytes)];
  if (node.object === undefined) return [];
  const source = sourceOf(context, node, node.object);
  const pieces = context.cache.read(source, offset, lengthBytes);
  const ahead = handle.readAhead.observe(offset, lengthBytes, source.sizeBytes);
  if (ahead !== undefined) context.cache.prefetch(source, ahead.offset, ahead.lengthBytes);
  return await orAbort(pieces, signal);
}

/** Names the current content of a node in the block cache. */
export function sourceId(node: FileNode): string {
  return `${node.ino}.${node.generation}.${node.contentVersion}`;
}

/** Gives a node a stage that holds the first `keepBytes` of its content. The caller holds the node's lock. */
export async function ensureStage(
  context: Context,
  node: FileNode,
  keepBytes: number,
  signal?: AbortSignal,
): Promise<Stage> {
  if (node.stage !== undefined) return node.stage;
  stageNumber += 1;
  const stage = await Stage.create(context.stageFolder, `${process.pid}-${stageNumber}`);
  try {
    if (node.object !== undefined) await fill(context, node, node.object, stage, keepBytes, signal);
  } catch (error) {
    await stage.discard();
    throw error;
  }
  node.stage = stage;
  return stage;
}

/** Throws the stage away where nothing needs it any more. The caller holds the node's lock. */
export async function releaseStage(node: FileNode): Promise<void> {
  const { stage } = node;
  const needed = node.detached ? node.openCount > 0 : node.writers > 0 || node.contentDirty;
  if (stage === undefined || needed) return;
  node.stage = undefined;
  await stage.discard();
}

async function fill(
  context: Context,
  node: FileNode,
  object: StoredObject,
  stage: Stage,
  keepBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const wanted = Math.min(keepBytes, object.sizeBytes);
  if (wanted === 0) return;
  if (wanted === object.sizeBytes && wanted > SINGLE_GET_BYTES) {
    const abort = signal === undefined ? {} : { signal };
    const sink = { kind: 'file', path: stage.path } as const;
    await context.transporter.download(nodeKey(context, node), sink, { ifMatch: object.etag, ...abort });
    await stage.adopt(wanted);
    return;
  }
  const source = sourceOf(context, node, object);
  for (let offset = 0; offset < wanted; offset += SINGLE_GET_BYTES) {
    const lengthBytes = Math.min(SINGLE_GET_BYTES, wanted - offset);
    let at = offset;
    for (const piece of await orAbort(context.cache.read(source, offset, lengthBytes), signal)) {
      await stage.write(at, piece);
      at += piece.length;
    }
  }
}

function sourceOf(context: Context, node: FileNode, object: StoredObject): BlockSource {
  return {
    id: sourceId(node),
    sizeBytes: object.sizeBytes,
    read: (firstByte, lastByte, signal) => getRange(context, node, firstByte, lastByte, signal),
  };
}

/** A ranged GET of exactly the version that the node stands for; follows the node when it is being renamed. */
async function getRange(
  context: Context,
  node: FileNode,
  firstByte: number,
  lastByte: number,
  signal?: AbortSignal,
): Promise<Readable> {
  const key = nodeKey(context, node);
  const object = node.object;
  const options = { range: { firstByte, lastByte }, ...(signal === undefined ? {} : { signal }) };
  const condition = object === undefined ? {} : { ifMatch: object.etag };
  try {
    return (await context.store.get(key, { ...options, ...condition })).body;
  } catch (error) {
    const failure = Failure.from(error);
    if (!['missing', 'precondition-failed', 'changed-under-us', 'bad-range'].includes(failure.kind))
      throw error;
    await within([node.parent], signal, () => Promise.resolve());
    const moved = nodeKey(context, node) !== key || node.object?.etag !== object?.etag;
    if (moved && !node.detached) return await getRange(context, node, firstByte, lastByte, signal);
    throw new Failure('changed-under-us', `${key} was replaced or removed while it was open`, {
      subject: key,
      cause: failure,
      remedy: 'Open the file again',
    });
  }
}
