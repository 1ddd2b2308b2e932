import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../errors/failure.js';
import type { ArmResult } from '../arm-protocol.js';
import type { ProgramCommand } from './commands.js';

/** `PATH` and what is given: a variable such as AWS_CA_BUNDLE changes what programs do, or stops them. */
export function bareEnvironment(extra: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', ...extra };
}

/**
 * Runs a program to its end. The time is from its start to its end. CPU time is what the kernel adds up for ended
 * children, RUSAGE_CHILDREN, in ticks of 10 ms; so this process must have no other child meanwhile. Peak memory is
 * VmHWM of the program's process, last read at most 20 ms before its end.
 *
 * @param moved - The file that is read or written: its size is what was moved.
 * @throws Failure `unsupported` with the program's last words where it does not end well.
 */
export async function runProgramArm(command: ProgramCommand, moved: string): Promise<ArmResult> {
  const { configFile } = command;
  if (configFile !== undefined) await writeFile(configFile.path, configFile.text, { mode: 0o600 });
  const cpuBefore = await childrenCpuMs();
  const startedMs = performance.now();
  const child = spawn(command.program, [...command.args], {
    env: bareEnvironment(command.environment),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const words = new LastWords();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words.add(text);
  });
  const over = new AbortController();
  const ended = once(child, 'close').then(() => performance.now() - startedMs);
  const peak = watchPeakRss(child.pid, over.signal);
  try {
    const elapsedMs = await ended;
    if (child.exitCode !== 0) throw programFailure(command, child.signalCode ?? child.exitCode, words.text);
    const { size: bytes } = await stat(moved);
    over.abort();
    return { elapsedMs, bytes, cpuMs: (await childrenCpuMs()) - cpuBefore, peakRssBytes: await peak };
  } finally {
    over.abort();
  }
}

const MOST_WORDS = 4096;

/** The end of what a program writes: most can be wrong with it, and nothing of it may fill the memory. */
class LastWords {
  text = '';

  add(text: string): void {
    this.text = (this.text + text).slice(-MOST_WORDS);
  }
}

function programFailure({ program }: ProgramCommand, status: string | number | null, words: string): Failure {
  const last = words.trim().split('\n').slice(-2).join(' ').slice(-400);
  return new Failure('unsupported', `${program} ended with ${String(status)}: ${last}`, {
    remedy: 'Leave it out of --arms, or try another version of it',
  });
}

/** The longest between two looks; a short program is looked at more often. */
const WATCH_INTERVAL_MS = 20;

/** Reads the high-water mark, proc(5), until told to stop; the kernel keeps it, so only the last interval can be missed. */
async function watchPeakRss(pid: number | undefined, over: AbortSignal): Promise<number> {
  let peakKib = 0;
  let waitMs = 1;
  while (pid !== undefined && !over.aborted) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    peakKib = Math.max(peakKib, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0));
    await delay(waitMs, undefined, { signal: over }).catch(() => undefined);
    waitMs = Math.min(2 * waitMs, WATCH_INTERVAL_MS);
  }
  return peakKib * 1024;
}

/** USER_HZ, which proc(5) counts in; 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** cutime and cstime of proc(5), /proc/PID/stat, fields 16 and 17; 0 where there is no /proc. */
async function childrenCpuMs(): Promise<number> {
  const text = await readFile('/proc/self/stat', 'utf8').catch(() => '');
  // The second field, a name in parentheses, may hold spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0] = fields.slice(13, 15).map(Number);
  return ((user + system) * 1000) / TICKS_PER_SECOND;
}
