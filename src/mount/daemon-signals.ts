import { Failure } from '../errors/failure.js';
import type { FileSystem } from '../fs/operations.js';
import type { FuseMount } from '../fuse/mount.js';
import type { Log } from '../log/log.js';

/** How long the users of a busy mount may go on after the daemon was told to end. */
const GRACE_MS = 5_000;

/** What a daemon does when it is told something by a signal. */
export interface SignalActions {
  /** SIGHUP */
  reopenLog(): void;
  /** SIGUSR1 */
  dumpState(): void;
  /** SIGINT, SIGTERM, or the end of the process that holds a foreground mount; before the unmount begins. */
  stopping(): void;
}

/**
 * SIGINT and SIGTERM unmount and save. Where programs still use the mount, it goes out of the tree at once, they get
 * {@link GRACE_MS} to finish, then their calls fail; what they had written is saved all the same.
 */
export function handleSignals(mount: FuseMount, actions: SignalActions, log: Log): { stop(): void } {
  let ending = false;
  const end = (signal: string): void => {
    if (ending) return;
    ending = true;
    log.info({ signal }, 'told to end');
    actions.stopping();
    void endMount(mount, log);
  };
  const reopen = (): void => {
    actions.reopenLog();
  };
  // Node's own use of SIGUSR1, the debugger, gives way to a listener.
  const dump = (): void => {
    actions.dumpState();
  };
  process.on('SIGINT', end).on('SIGTERM', end).on('SIGHUP', reopen).on('SIGUSR1', dump);
  // A foreground mount ends with the process that holds it. A background one is let go after `ready`.
  const onDisconnect = (): void => {
    if (process.env['OBJECTFS_DAEMON_DETACHED'] === undefined) end('parent ended');
  };
  process.on('disconnect', onDisconnect);
  return {
    stop: () => {
      process.off('SIGINT', end).off('SIGTERM', end).off('SIGHUP', reopen).off('SIGUSR1', dump);
      process.off('disconnect', onDisconnect);
    },
  };
}

/**
 * Saves first, while the mount is still there: what can not be saved is told, and the mount stays.
 *
 * @throws Failure of what could not be saved; `busy` where programs use the mount.
 */
export async function savedUnmount(mount: FuseMount, fileSystem: FileSystem): Promise<void> {
  try {
    await fileSystem.sync();
  } catch (reason) {
    const failure = Failure.from(reason);
    throw new Failure(failure.kind, `${failure.message}; ${mount.mountPoint} stays mounted`, {
      subject: mount.mountPoint,
      remedy: 'See to the store and try again, or unmount all the same with --force: the copies are kept',
      cause: failure,
    });
  }
  await mount.unmount();
}

/** Unmounts whatever can not be saved and whoever uses it; the end of the mount tells what was lost to S3. */
export async function forcedUnmount(mount: FuseMount, log: Log): Promise<void> {
  await endMount(mount, log);
  await mount.done;
}

async function endMount(mount: FuseMount, log: Log): Promise<void> {
  try {
    await mount.unmount();
  } catch (reason) {
    if (Failure.from(reason).kind !== 'busy') return; // what could not be saved: `done` says it too
    log.warn({ graceMs: GRACE_MS }, 'the mount is in use: taken out of the tree');
    const timer = setTimeout(() => {
      void mount.abort().catch(() => undefined);
    }, GRACE_MS);
    await mount.unmount('lazy').catch(() => undefined);
    clearTimeout(timer);
  }
}
