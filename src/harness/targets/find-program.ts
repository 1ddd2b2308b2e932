import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';
import { Failure } from '../../errors/failure.js';

/** A program that can not tell its version in this time is not run. */
const VERSION_LIMIT_MS = 10_000;

/** The first of these programs that PATH has, as a path. */
export async function findProgram(names: readonly string[]): Promise<string | undefined> {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (await isExecutable(path)) return path;
    }
  }
  return undefined;
}

/**
 * What a program says of its version: the first group of `pattern` in its output.
 *
 * @throws Failure `unsupported` where it can not be run or says nothing of that form.
 */
export async function askVersion(
  program: string,
  versionArguments: readonly string[],
  pattern: RegExp,
): Promise<string> {
  const { all, failed } = await execa(program, versionArguments, {
    all: true,
    reject: false,
    timeout: VERSION_LIMIT_MS,
    stdin: 'ignore',
    cleanup: false, // its listeners would end this process at the first signal
  });
  const version = pattern.exec(all)?.[1];
  if (version !== undefined) return version;
  const said = failed && all === '' ? 'it can not be run' : `it says ${JSON.stringify(all.slice(0, 200))}`;
  throw new Failure('unsupported', `${program} does not tell its version: ${said}`, {
    subject: program,
    remedy: `Try ${program} ${versionArguments.join(' ')}`,
  });
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
