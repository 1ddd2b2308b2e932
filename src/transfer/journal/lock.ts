import { readFile, rm, writeFile } from 'node:fs/promises';
import { Failure } from '../../errors/failure.js';

/** A right that one process at a time has. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Locks `path` by a file beside it that names the process and when it was started: numbers of processes are used again.
 *
 * @param what - for the message.
 * @throws Failure `busy` where a living process has it.
 */
export async function lockFor(path: string, what: string): Promise<Lock> {
  const file = `${path}.lock`;
  const own = `${process.pid} ${await startedAt(process.pid)}`;
  for (;;) {
    try {
      await writeFile(file, own, { flag: 'wx', mode: 0o600 });
      return { release: () => rm(file, { force: true }) };
    } catch (reason) {
      if (codeOf(reason) !== 'EEXIST') throw reason;
    }
    const holder = await readFile(file, 'utf8').catch(() => '');
    const [pid = '', started = ''] = holder.split(' ');
    if (pid !== '' && started !== '' && (await startedAt(Number(pid))) === started) {
      throw new Failure('busy', `Process ${pid} is copying ${what} already`, {
        subject: file,
        remedy: 'Wait for it, or end it',
      });
    }
    await rm(file, { force: true });
  }
}

/** Field 22 of /proc/PID/stat, proc(5), counted after the name, which may hold blanks; empty where there is none. */
async function startedAt(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function codeOf(reason: unknown): unknown {
  return typeof reason === 'object' && reason !== null && 'code' in reason ? reason.code : undefined;
}
