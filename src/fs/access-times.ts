import type { Context } from './context.js';
import type { Posix } from './metadata/posix.js';
import { O_NOATIME } from './modes.js';
import type { Node, NodeCommon } from './nodes/node.js';

/** Linux `relatime_need_update` (fs/inode.c): a time of access may be that old before it is renewed in any case. */
const DAY_NS = 86_400_000_000_000n;
/** Of `invalidateInode`: the attributes, and no page. */
const ATTRIBUTES_ONLY = -1n;

/** When a node was read since its metadata were written. */
export interface Access {
  readonly timeNs: bigint;
  /** Time of access in the metadata then: once they tell another one, that one counts. */
  readonly overNs: bigint;
}

/** The time of access that stat(2) tells: that of the metadata, or of a later reading here. */
export function accessTimeOf({ posix, accessed }: Pick<NodeCommon, 'posix' | 'accessed'>): bigint {
  return accessed?.overNs === posix.atimeNs ? accessed.timeNs : posix.atimeNs;
}

/** Metadata of a node with the time of access that stat(2) tells, to be written because something else has changed. */
export function withAccess({ accessed }: Node, posix: Posix): Posix {
  return { ...posix, atimeNs: accessTimeOf({ posix, accessed }) };
}

/**
 * Notes that a node is read, by the rule of `relatime` (mount(8)): where the last access is not later than the last
 * change, or a day old. It is kept in memory until the metadata are written for another reason, as with `lazytime`.
 * An open for nothing but reading counts: the kernel reads what it has in its pages without telling.
 *
 * @param flags - Those of open(2); `O_NOATIME` is obeyed.
 */
export function noteAccess(context: Context, node: Node, flags = 0): void {
  if (context.mount.atime === 'noatime' || context.mount.readOnly || (flags & O_NOATIME) !== 0) return;
  const { mtimeNs, ctimeNs, atimeNs } = node.posix;
  const [lastNs, timeNs] = [accessTimeOf(node), context.nowNs()];
  if (lastNs > mtimeNs && lastNs > ctimeNs && timeNs - lastNs < DAY_NS) return;
  node.accessed = { timeNs, overNs: atimeNs };
  context.kernel.notifier?.invalidateInode(node.ino, ATTRIBUTES_ONLY, 0n);
}
