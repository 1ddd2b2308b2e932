import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Failure } from '../../../errors/failure.js';

const execute = promisify(execFile);
const MOST_OUTPUT_BYTES = 256 * 1024 * 1024;

/**
 * Runs a program of the system to its end.
 *
 * @returns What it printed.
 * @throws Failure `unsupported` with its last words where it is not there or does not end well.
 */
export async function runProgram(program: string, args: readonly string[]): Promise<string> {
  try {
    const env = { ...process.env, LC_ALL: 'C', GIT_CONFIG_NOSYSTEM: '1' };
    const { stdout } = await execute(program, [...args], { maxBuffer: MOST_OUTPUT_BYTES, env });
    return stdout;
  } catch (reason) {
    throw new Failure('unsupported', `${program} ${args[0] ?? ''}: ${lastWords(reason)}`, { cause: reason });
  }
}

function lastWords(reason: unknown): string {
  const said = reason instanceof Object && 'stderr' in reason ? String(reason.stderr).trim() : '';
  return (said === '' ? Failure.from(reason).message : said).split('\n').slice(-3).join(' ').slice(0, 300);
}
