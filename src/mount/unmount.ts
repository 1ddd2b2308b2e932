import { askDaemon } from './control-client.js';
import { fromPlainFailure } from './messages.js';
import { findControl, findOurMount, releaseMount } from './mounts.js';

export interface UnmountOptions {
  /**
   * Also where data can not be saved, which is then in the recovery folder only, and where programs use the mount: they
   * get a few seconds. @defaultValue false
   */
  readonly force?: boolean;
}

/** How an unmount went. */
export interface Unmounted {
  readonly mountPoint: string;
  readonly source: string;
  /** `false`: the daemon was dead already, and only the mount was cleared away. */
  readonly saved: boolean;
}

/**
 * Unmounts a directory and waits until its daemon has saved everything. A mount whose daemon is dead is cleared.
 *
 * @param signal - Stops waiting; an unmount that the daemon has begun goes on.
 * @throws Failure `usage` where it is no mount of ours; `busy` where programs use it; what the daemon reports where data
 * can not be saved. The mount stays then, unless it was forced.
 */
export async function unmountDirectory(
  directory: string,
  signal?: AbortSignal,
  { force = false }: UnmountOptions = {},
): Promise<Unmounted> {
  const entry = await findOurMount(directory);
  const { mountPoint, source } = entry;
  const control = await findControl(entry);
  if (control === undefined) {
    await releaseMount(mountPoint);
    return { mountPoint, source, saved: false };
  }
  const reply = await askDaemon(control, { command: 'unmount', force }, signal);
  if (reply?.failure !== undefined) throw fromPlainFailure(reply.failure);
  return { mountPoint, source, saved: true };
}
