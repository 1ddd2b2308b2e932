import { Failure, usageError } from '../errors/failure.js';
import { readMountTable, type MountTableEntry } from '../fuse/mount-table.js';
import { askDaemon } from './control-client.js';
import { findControl, findOurMount, isOurs, ownerOf } from './mounts.js';
import type { MountStatus } from './observe/status.js';
import { stackOf } from './stack/ask.js';

/** A mount whose daemon has ended: every use of it fails with ENOTCONN. */
export interface DeadMount {
  readonly state: 'dead';
  readonly mountPoint: string;
  readonly source: string;
}

/** A mount whose daemon is there and does not answer: stopped, or stuck. */
export interface SilentMount {
  readonly state: 'silent';
  readonly mountPoint: string;
  readonly source: string;
  /** Where its main thread is, innermost call first; absent where no thread of it tells. */
  readonly stack?: readonly string[];
}

export type AnyMountStatus = MountStatus | DeadMount | SilentMount;

/**
 * Asks the daemon of one mount how it is. The mount itself is never touched.
 *
 * @throws Failure `usage` where the directory is no mount of ours, or another user's.
 */
export async function statusOf(directory: string): Promise<AnyMountStatus> {
  const entry = await findOurMount(directory);
  if (!mayAsk(entry)) {
    throw usageError(
      `${entry.mountPoint} was mounted by the user with number ${ownerOf(entry)}`,
      'Ask as that user or as root',
      entry.mountPoint,
    );
  }
  return ask(entry);
}

/** Every mount of this user (all mounts for root), in the order of mounting. */
export async function statusOfAll(): Promise<readonly AnyMountStatus[]> {
  const entries = (await readMountTable()).filter((entry) => isOurs(entry) && mayAsk(entry));
  return Promise.all(entries.map((entry) => ask(entry)));
}

function mayAsk(entry: MountTableEntry): boolean {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 || ownerOf(entry) === uid;
}

async function ask(entry: MountTableEntry): Promise<AnyMountStatus> {
  const { mountPoint, source } = entry;
  const control = await findControl(entry);
  if (control === undefined) return { state: 'dead', mountPoint, source };
  try {
    const reply = await askDaemon(control, { command: 'status' });
    return reply?.status ?? { state: 'dead', mountPoint, source };
  } catch (reason) {
    if (Failure.from(reason).kind !== 'timeout') throw reason;
    const told = await stackOf(mountPoint).catch(() => undefined);
    const stack = told !== undefined && 'stack' in told ? { stack: told.stack } : {};
    return { state: 'silent', mountPoint, source, ...stack };
  }
}
