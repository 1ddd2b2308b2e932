import { Failure } from '../errors/failure.js';
import { noteAccess, withAccess } from './access-times.js';
import { ReadAhead } from '../cache/read-ahead.js';
import { assertWritable, nodeLock, type Context } from './context.js';
import { ensureStage, readContent, releaseStage } from './data/content.js';
import { giveUp, refuseLost, staleName } from './data/give-up.js';
import type { Stage } from './data/stage.js';
import { makeReadable, streamOn } from './data/streaming.js';
import { flushFile, flushLocked } from './data/upload.js';
import { O_ACCMODE, O_APPEND, O_RDONLY, O_TRUNC, O_WRONLY, withoutSetId } from './modes.js';
import { orAbort } from './locks.js';
import { sizeOf, type FileHandle, type FileNode, type Node } from './nodes/node.js';
import { within } from './nodes/subtree.js';
import { assureCurrent } from './open-current.js';
import type { FileSystem, HandleId, Opened, Request } from './operations.js';
import { saveAtClose } from './write-back/close.js';
import { isWaiting } from './write-back/write-back.js';

/** Largest object of S3 in bytes (S3 user guide, "Amazon S3 objects overview"). */
export const OBJECT_MAX_BYTES = 5 * 1024 ** 4;
const MAX_READ_AHEAD_BYTES = 32 * 1024 * 1024;

type FileOperations = Pick<FileSystem, 'open' | 'read' | 'write' | 'flush' | 'fsync' | 'release'>;

/** Operations on open files. */
export function fileOperations(context: Context): FileOperations {
  return {
    open: async (ino, flags, request) => {
      const node = fileOf(context.table.get(ino));
      if (isWritable(flags)) assertWritable(context);
      refuseLost(node);
      if (node.leaving !== undefined || node.detached) await assureStays(context, node, request);
      await assureCurrent(context, node, flags, request.signal);
      const opened = await openFile(context, node, flags, request);
      if ((flags & O_ACCMODE) === O_RDONLY) noteAccess(context, node, flags);
      return opened;
    },
    read: async (_ino, id, offset, sizeBytes, request) => {
      const handle = context.table.handle(id, 'file');
      if (handle.writable) noteAccess(context, handle.node, handle.flags);
      return await readFile(context, handle, Number(offset), sizeBytes, request);
    },
    write: async (_ino, handle, offset, data, request, isWriteBack = false) => {
      const file = writableHandle(context, handle);
      const appends = (file.flags & O_APPEND) !== 0 && !isWriteBack;
      return await writeFile(context, file, appends ? undefined : Number(offset), data, request);
    },
    flush: async (_ino, handle, request, canStillWrite = () => false) => {
      const { node, writable } = context.table.handle(handle, 'file');
      if (!writable || (isStillEmpty(node) && node.writers === 1 && canStillWrite())) return;
      await saveAtClose(context, node, request.signal);
    },
    fsync: async (_ino, handle, _dataOnly, request) => {
      const { node } = context.table.handle(handle, 'file');
      context.writeBack.tell(node);
      await flushFile(context, node, request.signal);
    },
    release: async (_ino, handle) => {
      await releaseFile(context, handle);
    },
  };
}

/** @throws Failure `is-directory` or `invalid-argument` where the node has no bytes. */
export function fileOf(node: Node): FileNode {
  if (node.kind === 'file') return node;
  if (node.kind === 'directory') throw new Failure('is-directory', `"${node.name}" is a directory`);
  throw new Failure('invalid-argument', `"${node.name}" is not a regular file`);
}

/** @throws Failure `bad-handle` where the descriptor was opened for reading only. */
export function writableHandle(context: Context, id: HandleId): FileHandle {
  const handle = context.table.handle(id, 'file');
  if (!handle.writable) throw new Failure('bad-handle', `Handle ${id} is not open for writing`);
  return handle;
}

/** @throws Failure `bad-handle` where the descriptor was opened for writing only. */
export function readableHandle(context: Context, id: HandleId): FileHandle {
  const handle = context.table.handle(id, 'file');
  if ((handle.flags & O_ACCMODE) === O_WRONLY)
    throw new Failure('bad-handle', `Handle ${id} is not open for reading`);
  return handle;
}

/** Makes a handle of a node whose state is known. */
export async function openFile(
  context: Context,
  node: FileNode,
  flags: number,
  request: Request,
): Promise<Opened> {
  const writable = isWritable(flags);
  const lent = writable ? undefined : await context.passthrough.find(context, node);
  if (node.leaving !== undefined) {
    await lent?.close();
    await assureStays(context, node, request);
    return await openFile(context, node, flags, request);
  }
  // No await from here to the handle: the next open must see what this one decided.
  const backingId = context.passthrough.take(node, lent);
  const id = context.table.addHandle((handle) => {
    const readAhead = new ReadAhead(MAX_READ_AHEAD_BYTES, context.readAhead);
    return { kind: 'file', id: handle, node, flags, writable, readAhead, backingId };
  });
  await lent?.close();
  if (writable) node.writers += 1;
  try {
    if (writable && (flags & O_TRUNC) !== 0)
      await changeContent(context, node, request, (stage) => stage.truncate(0));
  } catch (error) {
    await releaseFile(context, id);
    throw error;
  }
  const keepCache = node.kernelVersion === node.foreignVersion;
  node.kernelVersion = node.foreignVersion;
  return { handle: id, directIo: false, keepCache, ...(backingId === undefined ? {} : { backingId }) };
}

/** @throws Failure `stale` where its last name went: the kernel looks the name up again. */
async function assureStays(context: Context, node: FileNode, request: Request): Promise<void> {
  if (node.leaving !== undefined) await orAbort(node.leaving, request.signal);
  if (!node.detached || node.openCount > 0) return;
  if (context.awaitedOpens.isRefused(node, request)) throw staleName(node);
}

/** Changes a file's bytes in its stage, under its lock; times and set-id bits follow. Nothing is read from S3. */
export async function changeContent(
  context: Context,
  node: FileNode,
  request: Request,
  change: (stage: Stage) => Promise<void>,
): Promise<void> {
  const work = async (): Promise<void> => {
    const stage = ensureStage(context, node);
    // Before the change: a failed one may have left part of the bytes.
    markChanged(node);
    const sizeBytes = stage.sizeBytes;
    await change(stage);
    // A save within the change has called it clean.
    markChanged(node);
    noteChanged(context, node, request);
    const hasGrown = stage.sizeBytes > sizeBytes;
    await streamOn(context, node, stage, hasGrown, () => flushLocked(context, node));
  };
  await within([node.parent], request.signal, () =>
    context.locks.run([nodeLock(node)], work, request.signal),
  );
}

/** From now on the file is ahead of S3. */
export function markChanged(node: FileNode): void {
  node.contentDirty = true;
  node.revision += 1;
  if (node.journaled !== undefined) node.journaled.isCurrent = false;
}

/** Times and set-id bits after a change of bytes. The kernel asks root's writes to keep the bits. */
export function noteChanged(context: Context, node: FileNode, request: Request): void {
  const now = context.nowNs();
  const mode = request.uid === 0 ? node.posix.mode : withoutSetId(node.posix.mode);
  node.posix = { ...withAccess(node, node.posix), mode, mtimeNs: now, ctimeNs: now };
  if (node.stream !== undefined) node.stream.lastWriteNs = now;
}

/** @throws Failure `file-too-big` where S3 could not hold a file of this size. */
export function assertSize(sizeBytes: number): void {
  if (sizeBytes <= OBJECT_MAX_BYTES) return;
  throw new Failure('file-too-big', 'S3 holds no object of more than 5 TiB');
}

async function readFile(
  context: Context,
  handle: FileHandle,
  offset: number,
  sizeBytes: number,
  { signal }: Request,
): Promise<readonly Uint8Array[]> {
  const { node } = handle;
  const end = offset + sizeBytes;
  for (;;) {
    await makeReadable(context, node, offset, end, () => flushLocked(context, node, signal), signal);
    try {
      return await readContent(context, handle, offset, sizeBytes, signal);
    } catch (error) {
      if (node.stream?.isEvicted(offset, end) !== true) throw error;
    }
  }
}

/** @param offset - Absent: at the end as it is then; the kernel's idea of it may be older than ours. */
async function writeFile(
  context: Context,
  handle: FileHandle,
  offset: number | undefined,
  data: Uint8Array,
  request: Request,
): Promise<number> {
  const { node } = handle;
  await changeContent(context, node, request, async (stage) => {
    const at = offset ?? sizeOf(node);
    assertSize(at + data.length);
    await stage.write(at, data);
  });
  return data.length;
}

async function releaseFile(context: Context, id: HandleId): Promise<void> {
  const handle = context.table.removeHandle(id);
  if (handle?.kind !== 'file') return;
  const { node } = handle;
  if (handle.writable) node.writers -= 1;
  handle.readAhead.close();
  if (handle.backingId !== undefined) context.passthrough.release(node);
  if (node.openCount === 0 && node.version?.id !== undefined) context.cache.cancel(node.version.id);
  if (handle.writable) await saveLast(context, node);
  // Its stage is needed until it is uploaded, and goes with that.
  if (!isWaiting(node)) {
    await within([node.parent], undefined, () =>
      context.locks.run([nodeLock(node)], () => releaseStage(context, node)),
    );
  }
  context.table.settle(node);
}

/**
 * New, and nothing written yet. A shell that opens a file for a program, `> file`, closes a first descriptor right away:
 * nobody needs an object without bytes in between. An emptied one is saved: what close has cut off must not come back.
 * So is one that was opened twice: the descriptor that stays open is no copy of the one that was closed.
 */
function isStillEmpty(node: FileNode): boolean {
  return node.contentDirty && node.object === undefined && (node.stage?.sizeBytes ?? 0) === 0;
}

/** The last writer goes: a flush that failed or never came is tried once; after that only the recovery has the bytes. */
async function saveLast(context: Context, node: FileNode): Promise<void> {
  if (node.writers > 0 || !node.contentDirty || node.detached || isWaiting(node)) return;
  try {
    if (node.recoveryPath === undefined) await flushFile(context, node);
    else await giveUp(context, node);
  } catch (error) {
    context.log.error({ reason: Failure.from(error).message }, 'a closed file could not be saved');
    await giveUp(context, node);
  }
}

function isWritable(flags: number): boolean {
  return (flags & O_ACCMODE) !== 0;
}
