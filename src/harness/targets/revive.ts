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
    await session.start(AbortSignal.any([signal, AbortSignal.timeout(RESTART_LIMIT_MS)]));
    return undefined;
  } catch (reason) {
    signal.throwIfAborted();
    return Failure.from(reason);
  }
}
