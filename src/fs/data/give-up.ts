import { Failure } from '../../errors/failure.js';
import type { Context } from '../context.js';
import type { FileNode, Node } from '../nodes/node.js';
import { abandonStream } from './streaming.js';

/** Shows again what S3 holds: the unsaved bytes are in the recovery folder only. */
export async function giveUp(context: Context, node: FileNode): Promise<void> {
  if (node.writers > 0) return;
  await abandonStream(context, node);
  node.contentDirty = false;
  node.recoveryPath = undefined;
  node.checkedAtMs = -Infinity;
  node.foreignVersion += 1;
  node.contentVersion += 1;
  if (node.object !== undefined) return;
  // The kernel knows the name still: what it opens by it now would be the bytes of no file.
  const { parent, name } = node;
  node.isLost = true;
  if (parent !== undefined && node.lookups > 0n) context.kernel.notifier?.invalidateEntry(parent.ino, name);
  context.table.detach(node);
}

/**
 * A file that was given up before S3 ever held it is no more, whatever inode the kernel still knows.
 *
 * @throws Failure `stale`, after which the kernel looks the name up again.
 */
export function refuseLost(node: Node): void {
  if (node.kind === 'file' && node.isLost) throw staleName(node);
}

/** What a node answers with whose name leads elsewhere by now. */
export function staleName({ name }: Pick<Node, 'name'>): Failure {
  return new Failure('stale', `${name} has just been replaced or removed`, { subject: name });
}
