import type { Context } from '../context.js';
import type { FileNode } from '../nodes/node.js';
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
  if (node.object === undefined) context.table.detach(node);
}
