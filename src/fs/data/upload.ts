import { Failure } from '../../errors/failure.js';
import { nodeLock, type Context } from '../context.js';
import { nodeKey } from '../keys.js';
import type { FileNode, StoredObject } from '../nodes/node.js';
import { within } from '../nodes/subtree.js';
import { describe, guardedPut, noteWritten, ownWrite, storedAfter, writeConditions } from '../objects.js';
import { dropRecovery, keepForRecovery } from './recovery.js';
import type { Stage } from './stage.js';
import { replacing, versionOf } from './version.js';

/** Up to here one PUT from memory, which can be retried; above, the transporter reads the stage file. */
const SINGLE_PUT_BYTES = 8 * 1024 * 1024;

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
    await uploadTo(context, node, nodeKey(context, node), node.object, signal);
  } catch (error) {
    throw await keepForRecovery(context, node, conflictExplained(Failure.from(error), node));
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
  await send(context, node, key, replaced, signal);
  await dropRecovery(node);
}

/** Runs the request that makes the new content the object, and takes note of it before any reader sees the node. */
async function commit(node: FileNode, write: () => Promise<StoredObject>): Promise<void> {
  await replacing(node, async () => {
    const object = await write();
    noteWritten(node, object);
    node.contentVersion += 1;
    node.contentDirty = false;
    node.stage?.rebase(versionOf(node, object));
    node.parent?.absent.delete(node.name);
  });
}

async function send(
  context: Context,
  node: FileNode,
  key: string,
  replaced: StoredObject | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const description = { storageClass: context.storageClass, ...describe(node.posix, node.object, true) };
  const { stage } = node;
  const sizeBytes = stage?.sizeBytes ?? 0;
  if (stage !== undefined && sizeBytes > SINGLE_PUT_BYTES) {
    await sendLarge(context, node, key, stage, description, replaced, signal);
    return;
  }
  const put = async (): Promise<void> => {
    const pieces = (await stage?.read(0, sizeBytes, signal)) ?? [];
    const bytes = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    const whole = bytes ?? new Uint8Array(0);
    await commit(node, () => guardedPut(context, key, whole, description, replaced, signal));
  };
  await context.smallUploads(() => context.uploadMemory.run(sizeBytes, put, signal));
}

async function sendLarge(
  context: Context,
  node: FileNode,
  key: string,
  stage: Stage,
  description: ReturnType<typeof describe>,
  replaced: StoredObject | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const conditions = writeConditions(replaced);
  const abort = signal === undefined ? {} : { signal };
  await stage.fetchAll(SINGLE_PUT_BYTES, signal);
  const source = { kind: 'file', path: await stage.localFile() } as const;
  await commit(node, async () => {
    try {
      const result = await context.transporter.upload(key, source, {
        ...description,
        ...conditions,
        ...abort,
      });
      return storedAfter(result, description, stage.sizeBytes);
    } catch (error) {
      return await ownWrite(context, key, description, stage.sizeBytes, error);
    }
  });
}

function conflictExplained(failure: Failure, node: FileNode): Failure {
  if (failure.kind !== 'precondition-failed' && failure.kind !== 'missing') return failure;
  return new Failure('stale', `${node.name} was changed by another client since it was opened`, {
    cause: failure,
  });
}
