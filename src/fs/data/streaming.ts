import { Failure } from '../../errors/failure.js';
import { nodeLock, type Context } from '../context.js';
import { nodeKey } from '../keys.js';
import type { FileNode } from '../nodes/node.js';
import { within } from '../nodes/subtree.js';
import { headOrNothing, storedFrom, writeConditions } from '../objects.js';
import { describeContent } from './descriptions.js';
import { beginUpload, completeUpload, forgetUpload } from './multipart.js';
import { copyWhole } from './server-copy.js';
import type { BeforeChange, Stage } from './stage.js';
import { streamPartBytes, UploadStream } from './upload-stream.js';
import { parkedKey, type Address, type Version } from './version.js';

/** Parts of new bytes at the end of a file before it is taken for one that is written in order. */
const START_PARTS = 2;

/** Saves a file as it is now; given by the room above, which needs this one. */
type Save = () => Promise<void>;

/**
 * After a file was written: sends what it has grown past, and waits where the stages hold too much. The caller holds
 * the node's lock and has entered its directory.
 *
 * @param save - Saves the whole file: the last way to make room.
 * @throws Failure of a part, where there is no room without it.
 */
export async function streamOn(
  context: Context,
  node: FileNode,
  stage: Stage,
  hasGrown: boolean,
  save: Save,
): Promise<void> {
  if (node.detached) return;
  const isNew = hasGrown && node.stream === undefined;
  if (isNew && isWrittenInOrder(context, stage)) await begin(context, node, stage, save);
  node.stream?.advance();
  const { stageSpace } = context;
  if (stageSpace.usedBytes <= stageSpace.limitBytes) return;
  for (;;) {
    await node.stream?.evict();
    const over = node.stream?.nextOver();
    if (stageSpace.usedBytes <= stageSpace.limitBytes || over === undefined) break;
    await over;
  }
  if (stageSpace.usedBytes <= stageSpace.limitBytes || !isLarge(context, stage)) return;
  await save();
  await stage.evictSaved();
}

/** Before a read: what is only in parts of an upload can not be read, so the upload is completed first. */
export async function makeReadable(
  context: Context,
  node: FileNode,
  start: number,
  end: number,
  save: Save,
  signal: AbortSignal,
): Promise<void> {
  if (node.stream?.isEvicted(start, end) !== true) return;
  const work = async (): Promise<void> => {
    if (node.stream?.isEvicted(start, end) === true) await save();
  };
  await within([node.parent], signal, () => context.locks.run([nodeLock(node)], work, signal));
}

/**
 * Before a file is saved under another key, or loses its name: ends its stream. What only the stream has is made an
 * object of its own, which the stage then refers to: at the stream's key, or hidden.
 */
export async function detachStream(
  context: Context,
  node: FileNode,
  hidden: boolean,
  signal?: AbortSignal,
): Promise<void> {
  const { stream, stage } = node;
  if (stream === undefined || stage === undefined) return;
  if (!stream.hasEvicted) {
    await dropStream(node);
    return;
  }
  const parts = await stream.finish(signal);
  // Nobody else may have made an object there since, or replaced the one that was there.
  const there = await headOrNothing(context, stream.key, signal);
  if (there !== undefined && there.etag !== node.object?.etag) {
    throw new Failure('stale', `${stream.key} was changed by another client since it was opened`);
  }
  const conditions = writeConditions(there === undefined ? undefined : storedFrom(there));
  const made = await completeUpload(context, stream.upload, parts, conditions);
  const parked = hidden
    ? await hide(context, stream.key, made.etag, stage.sizeBytes)
    : { key: stream.key, ...made };
  const version: Version = {
    id: undefined,
    etag: parked.etag,
    sizeBytes: stage.sizeBytes,
    holder: node,
    contentVersion: -1,
    parked,
    borrowers: 0,
    sum: undefined,
    damage: undefined,
  };
  closeStream(node);
  stage.rebase(version);
  stage.lend(version);
}

async function hide(context: Context, key: string, etag: string, sizeBytes: number): Promise<Address> {
  const target = await parkedKey(context);
  const copy = await copyWhole(context, { key, etag, sizeBytes }, target);
  await context.store.delete(key);
  return { key: target, etag: copy.etag };
}

/** Ends a stream whose bytes are all in the stage; the upload is aborted. Never fails. */
export async function dropStream(node: FileNode): Promise<void> {
  const { stream } = node;
  closeStream(node);
  await stream?.abort();
}

/** After its upload was completed. */
export function closeStream(node: FileNode): void {
  node.stream = undefined;
  if (node.stage !== undefined) node.stage.beforeChange = undefined;
}

/**
 * Gives a file up that could not be saved. Where bytes are in its upload only, that stays on S3 for the user, as the
 * note in the recovery folder says.
 */
export async function abandonStream(context: Context, node: FileNode): Promise<void> {
  const { stream } = node;
  if (stream?.hasEvicted !== true) {
    await dropStream(node);
    return;
  }
  closeStream(node);
  await stream.settle();
  await forgetUpload(stream.upload);
  const { key, uploadId } = stream.upload;
  context.log.error({ key, uploadId }, 'bytes that are not on this machine stay in a multipart upload');
}

/** Enough new bytes at the end, and no long hole, which would have to be sent. */
function isWrittenInOrder({ partLimits }: Context, stage: Stage): boolean {
  const last = stage.extents.at(-1);
  if (last === undefined || last.source !== 'local' || last.copy !== undefined) return false;
  const leastBytes = START_PARTS * streamPartBytes(last.start, partLimits);
  if (last.end - last.start < leastBytes || stage.isSentWhole) return false;
  return stage.extents.every(({ source, start, end }) => source !== 'zeros' || end - start < leastBytes);
}

/** Saving a small file to make room is not worth a request: it is saved when it is closed. */
function isLarge({ partLimits }: Context, stage: Stage): boolean {
  return stage.sizeBytes > partLimits.uploadPartBytes;
}

async function begin(context: Context, node: FileNode, stage: Stage, save: Save): Promise<void> {
  try {
    const key = nodeKey(context, node);
    const description = await describeContent(context, node, key, {
      leastBytes: stage.sizeBytes,
      mostBytes: Infinity,
    });
    const upload = await beginUpload(context, key, description);
    node.stream = new UploadStream(context, stage, upload, description, node.posix);
    stage.beforeChange = beforeChange(node.stream, save);
  } catch (error) {
    // Then it is sent when it is saved.
    stage.isSentWhole = true;
    context.log.debug({ reason: Failure.from(error).message }, 'a file is not sent while it is written');
    return;
  }
}

function beforeChange(stream: UploadStream, save: Save): BeforeChange {
  return async (start, end) => {
    const isCut = end === Infinity;
    const kept = isCut ? stream.parts.find((part) => part.start < start && part.end > start) : undefined;
    const lost = isCut ? kept?.isEvicted === true : stream.isEvicted(start, end);
    if (lost) await save();
    else if (isCut) stream.cut(start);
    else stream.touch(start, end);
  };
}
