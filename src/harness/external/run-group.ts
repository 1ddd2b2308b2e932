import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { ProgramEnd } from './program.js';

/** How long a killed program may take; one in an uninterruptible system call can not be waited for. */
const KILL_WAIT_MS = 5_000;
const MOST_OUTPUT_CHARACTERS = 16_000_000;

export interface GroupOptions {
  readonly limitMs: number;
  /** Called with the id of the group before it is waited for. */
  readonly onStarted: (pid: number) => Promise<void>;
  /** Called when it passed its limit, while it can still be looked at. Never rejects. */
  readonly onLate?: (pid: number) => Promise<void>;
  /** Makes each call on the target return: a program in one on a mount that hangs dies only then. */
  readonly release: () => Promise<void>;
}

/**
 * Runs `sh` with these words in a process group of its own.
 *
 * @returns `undefined` where it passed its limit. The whole group is gone or was sent SIGKILL in any case.
 * @throws the signal's reason when it fires; the group is ended then.
 */
export async function runGroup(
  words: readonly string[],
  { limitMs, onStarted, onLate, release }: GroupOptions,
  signal: AbortSignal,
): Promise<ProgramEnd | undefined> {
  const child = execa('sh', [...words], {
    detached: true, // a process group of its own, with all that it starts
    cleanup: false, // its listeners would end this process at the first signal
    reject: false,
    stdin: 'ignore',
    maxBuffer: MOST_OUTPUT_CHARACTERS,
  });
  const { pid } = child;
  if (pid !== undefined) await onStarted(pid);
  const timer = new AbortController();
  const stopped = delay(limitMs, undefined, { signal: AbortSignal.any([signal, timer.signal]) });
  const end = await Promise.race([child, stopped.catch(() => undefined)]);
  timer.abort();
  if (end === undefined && pid !== undefined && !signal.aborted) await onLate?.(pid);
  killGroup(pid);
  if (end !== undefined) {
    const { stdout, stderr, exitCode, signal: endedBy, isMaxBuffer } = end;
    const how = {
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(endedBy === undefined ? {} : { signal: endedBy }),
    };
    return { stdout, stderr, isMaxBuffer, ...how };
  }
  const isGone = await Promise.race([child.then(() => true), delay(KILL_WAIT_MS, false, { ref: false })]);
  if (!isGone) await release();
  signal.throwIfAborted();
  return undefined;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}
