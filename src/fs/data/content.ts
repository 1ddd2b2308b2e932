import { join } from 'node:path';
import type { AheadRange } from '../../cache/read-ahead.js';
import type { Context } from '../context.js';
import { orAbort } from '../locks.js';
import type { FileHandle, FileNode, StoredObject } from '../nodes/node.js';
import { Stage, type FetchSlice } from './stage.js';
import { sourceOf } from './source.js';
import { isCurrent, isRefused, unpark, versionOf, type Version } from './version.js';

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
  aheadOf(context, handle, offset, lengthBytes);
  for (;;) {
    const { stage, object, contentVersion } = node;
    if (stage !== undefined) {
      const pieces = await stage.read(offset, lengthBytes, signal);
      if (node.stage === stage) return pieces;
      continue;
    }
    // An empty one has no bytes to ask for, also when it has lost its name.
    if (object === undefined || object.sizeBytes === 0) return [];
    const version = versionOf(node, object);
    await refuseDamaged(version, handle, signal);
    const source = sourceOf(context, version);
    try {
      const pieces = await orAbort(context.cache.read(source, offset, lengthBytes), signal);
      await refuseDamaged(version, handle, signal);
      return pieces;
    } catch (error) {
      // This mount may have replaced or removed it meanwhile: that is no change from under us.
      const isOurs = contentVersion !== node.contentVersion || node.stage !== undefined;
      if (!isOurs || signal.aborted) throw error;
    }
  }
}

/** @throws Failure `bad-checksum`, when what was read wrong is in no cache any more: who opens the file again reads it right. */
async function refuseDamaged(version: Version, { id }: FileHandle, signal: AbortSignal): Promise<void> {
  const { damage } = version;
  if (damage === undefined || !isRefused(version, id)) return;
  await orAbort(damage.forgotten, signal);
  throw damage.failure;
}

/** Starts to fetch what a sequential reader will ask for next, where that is not local. */
function aheadOf(context: Context, handle: FileHandle, offset: number, lengthBytes: number): void {
  const { node, readAhead } = handle;
  if (node.object === undefined) return;
  const { stage } = node;
  const sizeBytes = stage?.sizeBytes ?? node.object.sizeBytes;
  for (const ahead of readAhead.observe(offset, lengthBytes, sizeBytes))
    prefetch(context, node, node.object, ahead);
}

function prefetch(context: Context, node: FileNode, object: StoredObject, ahead: AheadRange): void {
  const { stage } = node;
  if (stage === undefined) {
    const source = sourceOf(context, versionOf(node, object));
    context.cache.prefetch(source, ahead.offset, ahead.lengthBytes);
    return;
  }
  for (const { start, end, source, copy } of stage.slices(ahead.offset, ahead.offset + ahead.lengthBytes)) {
    if (source !== 'away' || copy === undefined) continue;
    context.cache.prefetch(sourceOf(context, copy.version), copy.offset, end - start);
  }
}

/** Gives a node a stage, in which its object's bytes are still away. The caller holds the node's lock. */
export function ensureStage(context: Context, node: FileNode): Stage {
  if (node.stage !== undefined) return node.stage;
  stageNumber += 1;
  const path = join(context.stageFolder, `${process.pid}-${stageNumber}`);
  const stage = new Stage({
    path,
    memory: context.stageMemory,
    fetch: fetchOf(context),
    space: context.stageSpace,
  });
  const { object } = node;
  if (object !== undefined && object.sizeBytes > 0) {
    stage.base(versionOf(node, object));
  }
  node.stage = stage;
  return stage;
}

/** Throws the stage away where nothing needs it any more. The caller holds the node's lock. */
export async function releaseStage(context: Context, node: FileNode): Promise<void> {
  const needed = node.detached ? node.openCount > 0 : node.writers > 0 || node.contentDirty;
  if (needed) return;
  const { stage } = node;
  node.stage = undefined;
  await stage?.discard();
  await giveBack(context, stage);
  if (node.detached) await unpark(context, node.version);
}

/** Removes the parked copies of what a stage no longer refers to. */
export async function giveBack(context: Context, stage: Stage | undefined): Promise<void> {
  for (const version of stage?.giveBack() ?? []) {
    const { holder } = version;
    // An unlinked file that is still open here needs its parked copy itself.
    if (!(isCurrent(version) && holder.detached && holder.openCount > 0)) await unpark(context, version);
  }
}

function fetchOf(context: Context): FetchSlice {
  return async ({ version, offset }, lengthBytes, signal) =>
    await orAbort(context.cache.read(sourceOf(context, version), offset, lengthBytes), signal);
}
