import { Failure } from '../errors/failure.js';
import { isTransient } from '../s3/backoff.js';
import type { ObjectHead } from '../s3/store.js';
import { monotonicMs } from './clock.js';
import type { Context } from './context.js';
import { sourceOf } from './data/source.js';
import { versionOf } from './data/version.js';
import { WHOLE_OBJECT_BYTES } from './data/whole-read.js';
import { orAbort } from './locks.js';
import { O_ACCMODE, O_RDONLY, O_TRUNC } from './modes.js';
import { isDirty, isPending, type FileNode } from './nodes/node.js';
import { storedFrom } from './objects.js';
import { adopt, refresh } from './refresh.js';

/** From the reply to a lookup to the open of the same system call, on a busy machine. */
const SAME_CALL_MS = 100;

/**
 * Close-to-open: what another client has closed before this open(2) began must be seen, so S3 is asked however young
 * our knowledge is, unless the lookup of this same call has just done so.
 *
 * @throws Failure `stale` where the content has changed: on it the kernel looks the name up again, which tells it the
 *   new size, and opens that (Linux `do_filp_open`).
 */
export async function assureCurrent(
  context: Context,
  node: FileNode,
  flags: number,
  signal: AbortSignal,
): Promise<void> {
  if (isPending(node) || isDirty(node) || node.detached) return;
  const isSameCall = monotonicMs() - node.lookedUpAtMs < SAME_CALL_MS;
  node.lookedUpAtMs = -Infinity;
  if (isSameCall) return;
  const known = node.foreignVersion;
  if (isToBeRead(node, flags) && (await hasCome(context, node, signal))) return;
  if ((await refresh(context, node, signal)) && node.foreignVersion === known) return;
  node.lookedUpAtMs = monotonicMs();
  throw new Failure('stale', `${node.name} was replaced by another client`, { subject: node.name });
}

/** A small file that the kernel has no pages of: its first read brings all of it. */
function isToBeRead(node: FileNode, flags: number): boolean {
  if ((flags & O_ACCMODE) !== O_RDONLY || (flags & O_TRUNC) !== 0) return false;
  if (node.stage !== undefined || node.links !== undefined || node.kernelVersion === node.foreignVersion)
    return false;
  const sizeBytes = node.object?.sizeBytes ?? 0;
  return sizeBytes > 0 && sizeBytes <= WHOLE_OBJECT_BYTES;
}

/**
 * Asks for the bytes right away, pinned to the ETag that we know: where they come, nobody has replaced the file, and the
 * read that follows finds them here.
 *
 * @returns `false` where S3 was not asked, for they are here already, or did not give them.
 */
async function hasCome(context: Context, node: FileNode, signal: AbortSignal): Promise<boolean> {
  const { object, revision } = node;
  if (object === undefined) return false;
  const askedMs = monotonicMs();
  const heads: ObjectHead[] = [];
  const source = sourceOf(context, versionOf(node, object), (head) => heads.push(head));
  try {
    await orAbort(context.cache.read(source, 0, object.sizeBytes), signal);
  } catch (reason) {
    if (signal.aborted || isTransient(Failure.from(reason))) throw reason;
    return false;
  }
  const [head] = heads;
  if (head === undefined || node.detached || node.revision !== revision || isDirty(node)) return false;
  return adopt(context, node, head, storedFrom(head, node.object), askedMs);
}
