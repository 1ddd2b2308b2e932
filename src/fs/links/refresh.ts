import type { ObjectHead } from '../../s3/store.js';
import { monotonicMs } from '../clock.js';
import type { Context } from '../context.js';
import { nodeKey } from '../keys.js';
import { parseTime } from '../metadata/time-text.js';
import { isDirty, type LinkGroup, type Node, type StoredObject } from '../nodes/node.js';
import { headOrNothing, storedFrom } from '../objects.js';
import { forgetName, sameVersion, standFor } from './group.js';
import { linkIdOf, readRecord, type LinkRecord } from './record.js';

/** Takes over what S3 says of an object; `false` where it is another file than the one that is open here. */
export type Adopt = (
  context: Context,
  node: Node,
  head: ObjectHead,
  object: StoredObject,
  askedMs: number,
) => boolean;

/**
 * Asks S3 again about one name of a linked node, and about the others' number.
 *
 * @returns `false` where the name does not lead to the node any more; it is then forgotten.
 */
export async function refreshName(
  context: Context,
  node: Node,
  key: string,
  adopt: Adopt,
  signal?: AbortSignal,
): Promise<boolean> {
  const { links, revision } = node;
  if (links === undefined) return false;
  const askedMs = monotonicMs();
  const [head, found] = await Promise.all([
    headOrNothing(context, key, signal),
    readRecord(context, links.id, signal),
  ]);
  if (node.revision !== revision || isDirty(node)) return !node.detached && links.names.has(key);
  if (head === undefined || linkIdOf(head.metadata) !== links.id) {
    forgetName(context, node, key);
    return false;
  }
  const stored = storedFrom(head, nodeKey(context, node) === key ? node.object : links.names.get(key));
  const changed = !sameVersion(node.object, stored);
  if (changed || node.parent === undefined || nodeKey(context, node) === key) {
    if (!adopt(context, node, head, stored, askedMs)) {
      context.table.detach(node);
      return false;
    }
    standFor(context, node, key, stored);
  }
  links.names.set(key, stored);
  node.checkedAtMs = askedMs;
  takeRecord(context, node, links, key, found?.record);
  return true;
}

/** Another mount may have made or removed names. */
function takeRecord(
  context: Context,
  node: Node,
  links: LinkGroup,
  key: string,
  record: LinkRecord | undefined,
): void {
  const isLost = (name: string): boolean => links.lost.has(name) && !links.names.has(name);
  const recorded = record?.names.includes(key) === true ? record.names : [key];
  const names = recorded.filter((name) => !isLost(name));
  for (const gone of [...links.names.keys()].filter((name) => !names.includes(name))) {
    forgetName(context, node, gone);
  }
  for (const name of names) if (!links.names.has(name)) links.names.set(name, undefined);
  const ctimeNs = record === undefined ? undefined : parseTime(record.ctime);
  if (ctimeNs !== undefined && ctimeNs > node.posix.ctimeNs) node.posix = { ...node.posix, ctimeNs };
}
