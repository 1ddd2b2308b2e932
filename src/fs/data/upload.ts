import { createHash } from 'node:crypto';
import { formatSize } from '../../config/size.js';
import { Failure } from '../../errors/failure.js';
import type { ObjectDescription, WriteResult } from '../../s3/store.js';
import { nodeLock, type Context } from '../context.js';
import { nodeKey } from '../keys.js';
import { giveBack } from './content.js';
import { updateAllNames } from '../links/update.js';
import type { FileNode, StoredObject } from '../nodes/node.js';
import { within } from '../nodes/subtree.js';
import { describe, guardedPut, noteWritten, ownWrite, storedAfter, writeConditions } from '../objects.js';
import { describeContent } from './descriptions.js';
import { dropRecovery } from './recovery.js';
import { persistPosix } from '../persist.js';
import { journalKey, settleFailure, settleSaved } from '../write-back/settle.js';
import { keepForBorrowers } from './keep.js';
import { completeUpload } from './multipart.js';
import { planParts } from './part-plan.js';
import { assemble, copyWhole, type Commit, type SendPart } from './server-copy.js';
import { sendStagePart } from './stage-part.js';
import type { Stage } from './stage.js';
import { closeStream, detachStream, dropStream } from './streaming.js';
import type { UploadStream } from './upload-stream.js';
import { replacing, versionOf } from './version.js';

/** Up to here one PUT from memory, which can be retried; above, the transporter reads the stage file. */
const SINGLE_PUT_BYTES = 8 * 1024 * 1024;
/** Up to here a file that S3 could copy is fetched and sent: two requests, where a copy with a condition takes three. */
const FETCH_MAX_BYTES = 1024 * 1024;

interface UploadJob {
  readonly context: Context;
  readonly node: FileNode;
  readonly key: string;
  /** What the key is known to hold. */
  readonly replaced: StoredObject | undefined;
  readonly description: ObjectDescription;
  readonly sizeBytes: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Makes S3 hold what the file holds. Returns at once where it does already.
 *
 * @throws Failure of the store; the bytes are then in the recovery folder, as the message says.
 */
export async function flushFile(context: Context, node: FileNode, signal?: AbortSignal): Promise<void> {
  await within([node.parent], signal, () =>
    context.locks.run([nodeLock(node)], () => flushLocked(context, node, signal), signal),
  );
}

/** As {@link flushFile}, for callers that hold the node's lock and have entered its directory. */
export async function flushLocked(context: Context, node: FileNode, signal?: AbortSignal): Promise<void> {
  if (node.detached || !node.contentDirty) return;
  try {
    await updateAllNames(context, node, () =>
      uploadTo(context, node, nodeKey(context, node), node.object, signal),
    );
  } catch (error) {
    throw await settleFailure(context, node, conflictExplained(Failure.from(error), node));
  }
}

/**
 * Uploads a node's stage to a key; `replaced` is what the key is known to hold.
 *
 * @throws Failure `precondition-failed` where another client changed the key; else what the store throws.
 */
export async function uploadTo(
  context: Context,
  node: FileNode,
  key: string,
  replaced: StoredObject | undefined,
  signal?: AbortSignal,
): Promise<void> {
  await keepForBorrowers(context, node, signal);
  await send(context, node, key, replaced, signal);
  await dropRecovery(node);
  await giveBack(context, node.stage);
  await settleSaved(context, node);
}

async function send(
  context: Context,
  node: FileNode,
  key: string,
  replaced: StoredObject | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { stage } = node;
  if (node.stream !== undefined && node.stream.key !== key) await detachStream(context, node, false, signal);
  const sizeBytes = stage?.sizeBytes ?? 0;
  if (stage !== undefined) checkHoles(context, stage, key);
  const description = await describeContent(
    context,
    node,
    key,
    { leastBytes: sizeBytes, mostBytes: sizeBytes },
    signal,
  );
  await journalKey(context, node, key, replaced?.etag, description);
  const job: UploadJob = { context, node, key, replaced, description, sizeBytes, signal };
  const { stream } = node;
  if (stage !== undefined && stream !== undefined) {
    if (sizeBytes > SINGLE_PUT_BYTES || stream.hasEvicted) {
      await finishStream(job, stream);
      return;
    }
    await dropStream(node);
  }
  if (stage === undefined || sizeBytes <= (isWholeCopy(stage) ? FETCH_MAX_BYTES : SINGLE_PUT_BYTES)) {
    await context.smallUploads(() => context.uploadMemory.run(sizeBytes, () => putWhole(job, stage), signal));
  } else if (isForTransporter(context, stage)) {
    await context.uploadMemory.run(transportBytes(context, sizeBytes), () => sendLocal(job, stage), signal);
  } else await sendParts(job, stage);
}

/** All bytes are here, and the budget has room for the parts that the transporter holds at one time. */
function isForTransporter(context: Context, { extents, sizeBytes }: Stage): boolean {
  if (extents.some(({ copy }) => copy !== undefined)) return false;
  return transportBytes(context, sizeBytes) <= context.uploadMemory.limitBytes;
}

/** The most that the transporter has of a file in memory: its parts in flight. */
function transportBytes({ partConnections, partLimits }: Context, sizeBytes: number): number {
  return Math.min(sizeBytes, partConnections * partLimits.uploadPartBytes);
}

async function putWhole(job: UploadJob, stage: Stage | undefined): Promise<void> {
  const { context, node, key, replaced, description, sizeBytes, signal } = job;
  const pieces = (await stage?.read(0, sizeBytes, signal)) ?? [];
  const bytes = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  const body = bytes ?? new Uint8Array(0);
  const same = context.mount.skipIdentical && isSame(body, replaced) ? replaced : undefined;
  await commit(node, () =>
    same === undefined ? guardedPut(context, key, body, description, replaced, signal) : copyOnto(job, same),
  );
}

/** An ETag of one PUT is the MD5 of its bytes, unless they are encrypted with a key of KMS. */
function isSame(body: Uint8Array, replaced: StoredObject | undefined): boolean {
  if (replaced?.sizeBytes !== body.length) return false;
  return replaced.etag === `"${createHash('md5').update(body).digest('hex')}"`;
}

/** S3 has the bytes already. */
async function copyOnto(job: UploadJob, same: StoredObject): Promise<StoredObject> {
  const { context, key, description, sizeBytes, signal } = job;
  const abort = signal === undefined ? {} : { signal };
  const result = await copyWhole(context, { key, ...same }, key, { replace: description, ...abort });
  return storedAfter(result, description, sizeBytes, same);
}

/** All bytes are in the stage's file: the transporter knows best how to send one. */
async function sendLocal(job: UploadJob, stage: Stage): Promise<void> {
  const { context, node, key, replaced, description, sizeBytes } = job;
  const source = { kind: 'file', path: await stage.localFile() } as const;
  const options = { ...description, ...writeConditions(replaced), ...signalOf(job) };
  await commit(node, async () => {
    try {
      return storedAfter(await context.transporter.upload(key, source, options), description, sizeBytes);
    } catch (error) {
      return await ownWrite(context, key, description, sizeBytes, error);
    }
  });
}

/** S3 has some of the bytes already: it copies these, and gets the others. */
async function sendParts(job: UploadJob, stage: Stage): Promise<void> {
  const { context, node, key, replaced, description, sizeBytes } = job;
  const parts = planParts(stage.extents, context.partLimits);
  const sendPart: SendPart = async (uploadId, partNumber, signal) => {
    const part = parts[partNumber - 1];
    if (part === undefined) throw new Failure('internal', `The plan has no part ${partNumber}`);
    return await sendStagePart(context, stage, { ...part, key, uploadId, partNumber }, signal);
  };
  const conditions = { ...writeConditions(replaced), ...signalOf(job) };
  const complete: Commit = async (run) => {
    let result: WriteResult | undefined;
    const object = await commit(node, async () => {
      try {
        result = await run();
        return storedAfter(result, description, sizeBytes);
      } catch (error) {
        return await ownWrite(context, key, description, sizeBytes, error);
      }
    });
    return result ?? { etag: object.etag };
  };
  await assemble(context, key, description, parts.length, sendPart, conditions, complete);
}

/** Most of it is on S3 already: what is left to send is the tail, and what changed since it was sent. */
async function finishStream(job: UploadJob, stream: UploadStream): Promise<void> {
  const { context, node, key, replaced, sizeBytes, signal } = job;
  const { description } = stream;
  try {
    const parts = await stream.finish(signal);
    const conditions = { ...writeConditions(replaced), ...signalOf(job) };
    await commit(node, async () => {
      try {
        return storedAfter(
          await completeUpload(context, stream.upload, parts, conditions),
          description,
          sizeBytes,
        );
      } catch (error) {
        return await ownWrite(context, key, description, sizeBytes, error);
      }
    });
    closeStream(node);
  } catch (error) {
    stream.reopen();
    if (!stream.hasEvicted) await dropStream(node);
    throw error;
  }
  await settleAttributes(context, node, stream);
}

/** The metadata went with the first part: what was set since then is written now, times of mere writes only if asked. */
async function settleAttributes(context: Context, node: FileNode, stream: UploadStream): Promise<void> {
  const { posix, lastWriteNs } = stream;
  if (!context.mount.exactTimes) {
    const { mtimeNs, ctimeNs } = node.posix;
    node.posix = {
      ...node.posix,
      mtimeNs: mtimeNs === lastWriteNs ? posix.mtimeNs : mtimeNs,
      ctimeNs: ctimeNs === lastWriteNs ? posix.ctimeNs : ctimeNs,
    };
  }
  const wanted = describe(context, node.posix, node.object, false).metadata ?? {};
  const sent = stream.description.metadata ?? {};
  const isSame = Object.entries(wanted).every(([name, value]) => sent[name] === value);
  if (isSame && Object.keys(wanted).length === Object.keys(sent).length) return;
  await persistPosix(context, node, () => node.posix);
}

/** Runs the request that makes the new content the object, and takes note of it before any reader sees the node. */
async function commit(node: FileNode, write: () => Promise<StoredObject>): Promise<StoredObject> {
  return await replacing(node, async () => {
    const object = await write();
    noteWritten(node, object);
    node.contentVersion += 1;
    node.contentDirty = false;
    node.stage?.rebase(versionOf(node, object));
    node.parent?.absent.delete(node.name);
    return object;
  });
}

/** Nothing but one range of one version. */
function isWholeCopy({ extents }: Stage): boolean {
  return extents.length === 1 && extents[0]?.copy !== undefined;
}

/** Zeros that would have to be sent. */
export function holeBytes({ extents }: Stage): number {
  const holes = extents.filter(({ source, copy }) => source === 'zeros' && copy === undefined);
  return holes.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** @throws Failure `file-too-big` where too many zeros would have to be sent. */
function checkHoles({ mount }: Context, stage: Stage, key: string): void {
  const bytes = holeBytes(stage);
  if (bytes <= mount.holeLimit) return;
  throw new Failure(
    'file-too-big',
    `${key} has ${formatSize(bytes)} of holes, which S3 would have to be sent`,
    {
      subject: key,
      remedy: 'Make the file smaller, or raise mount.holeLimit',
    },
  );
}

function signalOf({ signal }: UploadJob): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function conflictExplained(failure: Failure, node: FileNode): Failure {
  if (failure.kind !== 'precondition-failed' && failure.kind !== 'missing') return failure;
  return new Failure('stale', `${node.name} was changed by another client since it was opened`, {
    cause: failure,
  });
}
