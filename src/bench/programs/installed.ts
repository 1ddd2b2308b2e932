import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { usageError } from '../../errors/failure.js';
import { isProgram, type ComparedArm, type ProgramArm } from '../arms.js';
import { bareEnvironment } from './run-program.js';

type OutsideProgram = Exclude<ProgramArm, 'objectfs-cp'>;

const VERSION_TIMEOUT_MS = 20_000;

const OUTSIDE: Readonly<Record<OutsideProgram, { readonly ask: readonly string[]; readonly get: string }>> = {
  rclone: {
    ask: ['version'],
    get: 'Install it with apt install rclone, or from https://rclone.org/downloads/',
  },
  s3cmd: { ask: ['--version'], get: 'Install it with apt install s3cmd, or from https://s3tools.org/s3cmd' },
  aws: { ask: ['--version'], get: 'Install it with apt install awscli, or from https://aws.amazon.com/cli/' },
  s5cmd: { ask: ['version'], get: 'Install it from https://github.com/peak/s5cmd/releases' },
};

/**
 * Asks each outside program among the arms for its version, by starting it: a name in `PATH` may be a shim.
 *
 * @returns `rclone v1.60.1`, one line per program.
 * @throws Failure `usage` for one that does not start, saying how to get it.
 */
export async function findPrograms(arms: readonly ComparedArm[]): Promise<string[]> {
  const outside = arms.filter(isProgram).filter((arm): arm is OutsideProgram => arm !== 'objectfs-cp');
  if (outside.length === 0) return [];
  const home = await mkdtemp(join(tmpdir(), 'objectfs-programs-'));
  try {
    return await Promise.all(outside.map((program) => versionOf(program, home)));
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function versionOf(program: OutsideProgram, home: string): Promise<string> {
  const { ask, get } = OUTSIDE[program];
  const env = bareEnvironment({ HOME: home });
  try {
    const { stdout } = await promisify(execFile)(program, [...ask], { env, timeout: VERSION_TIMEOUT_MS });
    const line = stdout.trim().split('\n', 1)[0] ?? '';
    return line.startsWith(program) ? line : `${program} ${line}`;
  } catch (reason) {
    const isAbsent =
      typeof reason === 'object' && reason !== null && 'code' in reason && reason.code === 'ENOENT';
    const what = isAbsent ? 'is not installed' : 'does not start';
    throw usageError(`The arm ${program}: the program ${what}`, get, program);
  }
}
