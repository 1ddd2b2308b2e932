import { Failure } from '../../errors/failure.js';
import { nodeLock, type Context } from '../context.js';
import { releaseStage } from '../data/content.js';
import { giveUp } from '../data/give-up.js';
import { keepForRecovery } from '../data/recovery.js';
import type { DirectoryNode, FileNode, Node } from '../nodes/node.js';
import { isInside } from '../nodes/subtree.js';
import type { ObjectDescription } from '../../s3/store.js';
import { isWaiting, mayPass } from './write-back.js';

/**
 * After an upload failed: a file that is journaled stays so where the failure may pass; any other one is kept in the
 * recovery folder. The caller holds the node's lock.
 *
 * @returns The failure to answer with.
 */
export async function settleFailure(context: Context, node: FileNode, failure: Failure): Promise<Failure> {
  if (!isWaiting(node)) return await keepForRecovery(context, node, failure);
  if (mayPass(failure)) {
    return new Failure(failure.kind, `${node.name} could not be saved yet (${failure.message})`, {
      subject: node.name,
      cause: failure,
      remedy:
        'Its bytes are safe on the local disk and are sent when the store answers, by this mount or the next',
    });
  }
  const kept = await keepForRecovery(context, node, failure);
  if (node.stage !== undefined && node.recoveryPath === undefined) return kept;
  await context.writeBack.drop(node);
  if (node.writers > 0) return kept;
  await giveUp(context, node);
  await releaseStage(context, node);
  return kept;
}

/** After S3 has got what the file holds. The caller holds the node's lock. */
export async function settleSaved(context: Context, node: FileNode): Promise<void> {
  if (node.journaled === undefined) return;
  await context.writeBack.drop(node);
  await releaseStage(context, node);
}

/** After the last name of a file went: without a descriptor nobody needs its bytes. The caller holds the node's lock. */
export async function settleRemoved(context: Context, node: Node): Promise<void> {
  if (node.kind !== 'file' || node.journaled === undefined) return;
  await context.writeBack.drop(node);
  await releaseStage(context, node);
}

/**
 * Before a journaled file goes to a key: to another one than that of its journal where it is being renamed. Cut off
 * from here on, the next mount ends the renaming.
 */
export async function journalKey(
  context: Context,
  { journaled }: FileNode,
  key: string,
  replacedEtag: string | undefined,
  description: ObjectDescription,
): Promise<void> {
  if (journaled === undefined || journaled.entry.facts.key === key) return;
  const { version, sizeBytes } = journaled.entry.facts;
  const facts = { version, key, sizeBytes, description };
  await context.writeBack.journal.update(
    journaled.entry,
    replacedEtag === undefined ? facts : { ...facts, replacedEtag },
  );
}

/** Before a directory is moved by its keys: S3 must hold what is journaled below it. Nothing else works there. */
export async function saveBelow(
  context: Context,
  directory: DirectoryNode,
  save: (node: FileNode) => Promise<void>,
): Promise<void> {
  const files = [...context.table.all()].filter(
    (node) => node.parent !== undefined && isInside(node.parent, directory),
  );
  for (const node of files) {
    if (node.kind !== 'file' || node.journaled === undefined) continue;
    await context.locks.run([nodeLock(node)], () => save(node));
  }
}
