import type { FileHandle } from 'node:fs/promises';
import { Failure } from '../../errors/failure.js';
import { nodeLock, type Context } from '../context.js';
import { describeContent } from '../data/descriptions.js';
import { flushFile, flushLocked, holeBytes } from '../data/upload.js';
import { nodeKey } from '../keys.js';
import { sizeOf, type FileNode } from '../nodes/node.js';
import { within } from '../nodes/subtree.js';
import { describe } from '../objects.js';
import type { JournalFacts } from './journal.js';
import { isWaiting, mayPass } from './write-back.js';

const STEP_BYTES = 1024 * 1024;

/**
 * close(2): with write-back the file is journaled and uploaded later, else S3 holds it when this returns. Waits for
 * room in the journal.
 *
 * @throws Failure of the store; of an earlier upload of this file that nobody has been told of.
 */
export async function saveAtClose(context: Context, node: FileNode, signal: AbortSignal): Promise<void> {
  const { writeBack } = context;
  writeBack.tell(node);
  if (node.detached || !node.contentDirty || isWaiting(node)) return;
  const costBytes = costOf(context, node);
  const hasRoom = costBytes !== undefined && (await writeBack.takeLater(costBytes, signal));
  const isKept =
    hasRoom &&
    (await inRoom(context, costBytes, () =>
      within([node.parent], signal, () =>
        context.locks.run([nodeLock(node)], () => journal(context, node, costBytes, signal), signal),
      ),
    ));
  if (!isKept) await flushFile(context, node, signal);
}

/** As {@link saveAtClose}, for callers that hold the node's lock: where there is no room now, S3 gets the file. */
export async function saveLocked(context: Context, node: FileNode, signal: AbortSignal): Promise<void> {
  const costBytes = costOf(context, node);
  const hasRoom = costBytes !== undefined && context.writeBack.take(costBytes);
  const isKept =
    hasRoom && (await inRoom(context, costBytes, () => journal(context, node, costBytes, signal)));
  if (!isKept) await flushLocked(context, node, signal);
}

/** Owner, mode, times and the like of a closed file have changed. The caller holds the node's lock. */
export async function journalAttributes(context: Context, node: FileNode): Promise<void> {
  const { journaled } = node;
  if (journaled === undefined) return;
  const { facts } = journaled.entry;
  const { metadata } = describe(context, node.posix, node.object, true);
  const description = { ...facts.description, ...(metadata === undefined ? {} : { metadata }) };
  await context.writeBack.journal.update(journaled.entry, { ...facts, description });
}

/** Gives the room back where nothing was journaled. */
async function inRoom(context: Context, bytes: number, work: () => Promise<boolean>): Promise<boolean> {
  let isKept = false;
  try {
    isKept = await work();
  } finally {
    if (!isKept) context.writeBack.give(bytes);
  }
  return isKept;
}

/**
 * What a file takes of the journal; `undefined` where it has to go to S3 at once: it is on its way there already, has
 * several names, has bytes that only S3 has, holes that S3 would not take, or is larger than the whole journal.
 */
function costOf(context: Context, node: FileNode): number | undefined {
  const { stage } = node;
  if (!context.mount.writeBack || node.stream !== undefined || node.links !== undefined) return undefined;
  if (stage?.extents.some(({ source }) => source !== 'local' && source !== 'zeros') === true)
    return undefined;
  if (stage !== undefined && holeBytes(stage) > context.mount.holeLimit) return undefined;
  return context.writeBack.costOf(sizeOf(node));
}

/** `false` where it can not be: the state has changed meanwhile, or the local disk fails. */
async function journal(
  context: Context,
  node: FileNode,
  costBytes: number,
  signal: AbortSignal,
): Promise<boolean> {
  if (node.detached || !node.contentDirty || isWaiting(node) || costOf(context, node) !== costBytes) {
    return false;
  }
  const { writeBack } = context;
  const before = node.journaled;
  try {
    const key = nodeKey(context, node);
    const sizeBytes = sizeOf(node);
    const sizes = { leastBytes: sizeBytes, mostBytes: sizeBytes };
    const facts: JournalFacts = {
      version: 1,
      key,
      sizeBytes,
      ...(node.object === undefined ? {} : { replacedEtag: node.object.etag }),
      description: await describeContent(context, node, key, sizes, signal),
    };
    const entry = await writeBack.journal.add(facts, (file) => writeBytes(node, file));
    writeBack.note(node, { entry, heldBytes: costBytes, isCurrent: true });
  } catch (error) {
    context.log.warn({ reason: Failure.from(error).message }, 'a closed file could not be journaled');
    return false;
  }
  if (before !== undefined) await writeBack.journal.remove(before.entry).catch(() => undefined);
  writeBack.schedule(node, (file, ending) => upload(context, file, ending));
  return true;
}

async function writeBytes({ stage }: FileNode, file: FileHandle): Promise<void> {
  if (stage === undefined) return;
  for (const { start, end, source } of stage.extents) {
    if (source !== 'local') continue;
    for (let at = start; at < end; at += STEP_BYTES) {
      let position = at;
      for (const piece of await stage.read(at, Math.min(STEP_BYTES, end - at))) {
        await file.write(piece, 0, piece.length, position);
        position += piece.length;
      }
    }
  }
  await file.truncate(stage.sizeBytes);
}

/** @throws Failure that may pass. Any other is kept until somebody can be told. */
async function upload(context: Context, node: FileNode, signal: AbortSignal): Promise<void> {
  await within([node.parent], signal, () =>
    context.locks.run([nodeLock(node)], async () => {
      if (!isWaiting(node)) return;
      try {
        await flushLocked(context, node, signal);
      } catch (error) {
        const failure = Failure.from(error);
        if (mayPass(failure) || isWaiting(node)) throw failure;
        context.writeBack.noteFailure(node, failure);
      }
    }),
  );
}
