import { readFile, writeFile } from 'node:fs/promises';

/** Length of a clock tick of /proc: USER_HZ is 100 on every architecture that Node runs on, proc(5). */
const TICK_MS = 10;

/** What a process used since it was asked to be watched. */
export interface ProcessUsage {
  readonly cpuMs: number;
  readonly peakRssBytes: number;
}

/**
 * Watches a process of somebody else's.
 *
 * @returns Ends the watch; `undefined` where the process is gone or hidden.
 */
export async function watchProcess(pid: number): Promise<() => Promise<ProcessUsage | undefined>> {
  // proc(5): 5 sets the peak (VmHWM) back to what is resident now.
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => undefined);
  const before = await cpuMs(pid);
  return async () => {
    const after = await cpuMs(pid);
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const peakKib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    if (before === undefined || after === undefined || peakKib === undefined) return undefined;
    return { cpuMs: after - before, peakRssBytes: Number(peakKib) * 1024 };
  };
}

/** User and system time of all its threads: fields 14 and 15 of /proc/PID/stat. */
async function cpuMs(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  // The command stands in brackets and may hold blanks and brackets itself: count from its last bracket.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields?.[11]) + Number(fields?.[12]);
  return Number.isFinite(ticks) ? ticks * TICK_MS : undefined;
}
