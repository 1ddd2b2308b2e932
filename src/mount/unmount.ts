import { askDaemon } from './control-client.js';
import { fromPlainFailure } from './messages.js';
import { findControl, findOurMount, releaseMount } from './mounts.js';

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
 * @throws Failure `usage` where it is no mount of ours; `busy` where programs use it, and nothing has changed; what
 * the daemon reports where data could not be saved: then the directory is unmounted all the same.
 */
export async function unmountDirectory(directory: string, signal?: AbortSignal): Promise<Unmounted> {
  const entry = await findOurMount(directory);
  const { mountPoint, source } = entry;
  const control = await findControl(entry);
  if (control === undefined) {
    await releaseMount(mountPoint);
    return { mountPoint, source, saved: false };
  }
  const reply = await askDaemon(control, { command: 'unmount' }, signal);
  if (reply?.failure !== undefined) throw fromPlainFailure(reply.failure);
  return { mountPoint, source, saved: true };
}
