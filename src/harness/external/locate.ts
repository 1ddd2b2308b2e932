import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { usageError } from '../../errors/failure.js';
import { findProgram } from '../targets/find-program.js';

/** A program that the user has to have. */
export interface WantedProgram {
  /** On PATH, the first that is there. */
  readonly names: readonly string[];
  /** How to get it. */
  readonly remedy: string;
}

/**
 * The program at a path, or the one on PATH where none is named.
 *
 * @throws Failure `usage` where there is none, or what is there can not be run.
 */
export async function locateProgram(path: string | undefined, wanted: WantedProgram): Promise<string> {
  if (path === undefined) {
    const found = await findProgram(wanted.names);
    if (found === undefined) {
      throw usageError(`There is no ${wanted.names.join(' or ')} on PATH`, wanted.remedy, wanted.names[0]);
    }
    return found;
  }
  const program = resolve(path);
  const facts = await stat(program).catch(() => undefined);
  if (facts === undefined) throw usageError(`There is nothing at ${program}`, wanted.remedy, program);
  if (!facts.isFile()) throw usageError(`${program} is no program`, wanted.remedy, program);
  try {
    await access(program, constants.X_OK);
  } catch {
    throw usageError(`${program} can not be run`, 'Give it an execute bit, or name another one', program);
  }
  return program;
}
