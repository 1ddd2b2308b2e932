import { readFile } from 'node:fs/promises';

/** A process that can be told from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the start of the process: field 22 of /proc/PID/stat, proc(5). */
  readonly startTicks: number;
}

/** Who has this number now; `undefined` where no process (or only a zombie) has it. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The command stands in brackets and may hold blanks and brackets itself: count from its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTicks = Number(fields[19]);
  if (state === 'Z' || state === 'X' || !Number.isSafeInteger(startTicks)) return undefined;
  return { pid, startTicks };
}

/** Whether exactly this process still runs. */
export async function isAlive(process: ProcessIdentity): Promise<boolean> {
  const now = await identifyProcess(process.pid);
  return now?.startTicks === process.startTicks;
}

/**
 * Ends exactly this process: SIGTERM, then SIGKILL after `graceMs`. A number that another process has by now is left
 * alone.
 *
 * @returns `true` when the process is gone.
 */
export async function endProcess(target: ProcessIdentity, graceMs = 2_000): Promise<boolean> {
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 2_000],
  ] as const) {
    if (!(await isAlive(target))) return true;
    try {
      process.kill(target.pid, signal);
    } catch {
      // Gone between the two calls, or not ours: the next look decides.
    }
    if (await goneWithin(target, waitMs)) return true;
  }
  return false;
}

async function goneWithin(target: ProcessIdentity, waitMs: number): Promise<boolean> {
  const deadline = Date.now() + waitMs;
  while (Date.now() < deadline) {
    if (!(await isAlive(target))) return true;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return !(await isAlive(target));
}
