import { deadline } from '../../errors/deadline.js';
import { Failure } from '../../errors/failure.js';
import type { TargetSession } from './session.js';

/** How long a target may take to come back. */
export const RESTART_LIMIT_MS = 60_000;

/**
 * Ends a target that does not answer, and starts it again. The target first: what is caught in a system call on a hung
 * mount ends only when the mount lets go of it.
 *
 * @param endCaught - Ends what was working on the target.
 * @returns Why the target did not come back; `undefined` where it did.
 * @throws the signal's reason when it fires.
 */
export async function reviveTarget(
  session: TargetSession,
  signal: AbortSignal,
  endCaught?: () => Promise<void>,
): Promise<Failure | undefined> {
  await session.kill();
  await endCaught?.();
  try {
    await session.start(deadline(RESTART_LIMIT_MS, signal));
    return undefined;
  } catch (reason) {
    signal.throwIfAborted();
    return Failure.from(reason);
  }
}

/** A process with calls under way on a target. */
export interface Caught {
  /** Sends SIGKILL and does not wait: in a call on a hung mount it dies only when the mount lets go of it. */
  kill(): void;
  /** Waits for the end that it makes, within bounds. */
  end(): Promise<void>;
}

/**
 * The clean start after a case that hung. Killed is what was caught in it before any mount lets go of it: freed, it would
 * go on in the plain directory that is left of one.
 *
 * @param abandon - Takes back what the case has changed; second mounts go with it.
 * @returns and throws as {@link reviveTarget}.
 */
export async function reviveAfterHang(
  session: TargetSession,
  caught: Caught,
  abandon: () => Promise<void>,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  caught.kill();
  await abandon();
  return reviveTarget(session, signal, () => caught.end());
}
