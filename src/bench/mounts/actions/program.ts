import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Failure } from '../../../errors/failure.js';

const execute = promisify(execFile);
const MOST_OUTPUT_BYTES = 256 * 1024 * 1024;

export interface ProgramResult {
  readonly stdout: string;
  readonly stderr: string;
  /** Absent where it could not be started or was killed. */
  readonly exitCode?: number;
}

/**
 * Runs a program of the system to its end.
 *
 * @returns What it printed.
 * @throws Failure `unsupported` with its last words where it is not there or does not end well.
 */
export async function runProgram(program: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await tryProgram(program, args);
  if (exitCode === 0) return stdout;
  const words = stderr.trim().split('\n').slice(-3).join(' ').slice(0, 300);
  throw new Failure('unsupported', `${program} ${args[0] ?? ''}: ${words}`);
}

/** As {@link runProgram}, whatever its end: one that could not be started says why on `stderr`. */
export async function tryProgram(
  program: string,
  args: readonly string[],
  { cwd }: { readonly cwd?: string } = {},
): Promise<ProgramResult> {
  try {
    const env = { ...process.env, LC_ALL: 'C', GIT_CONFIG_NOSYSTEM: '1' };
    const options = { maxBuffer: MOST_OUTPUT_BYTES, env, cwd };
    return { ...(await execute(program, [...args], options)), exitCode: 0 };
  } catch (reason) {
    return unhappyEnd(reason);
  }
}

function unhappyEnd(reason: unknown): ProgramResult {
  const code = fieldOf(reason, 'code');
  const stdout = fieldOf(reason, 'stdout');
  const stderr = fieldOf(reason, 'stderr');
  const said = typeof stderr === 'string' ? stderr.trim() : '';
  return {
    stdout: typeof stdout === 'string' ? stdout : '',
    stderr: said === '' ? Failure.from(reason).message : said,
    ...(typeof code === 'number' ? { exitCode: code } : {}),
  };
}

function fieldOf(reason: unknown, name: string): unknown {
  return typeof reason === 'object' && reason !== null ? Reflect.get(reason, name) : undefined;
}
