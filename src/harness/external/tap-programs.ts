import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { usageError } from '../../errors/failure.js';
import {
  howEnded,
  joinLines,
  lastLines,
  type ExternalProgram,
  type Outcome,
  type ProgramEnd,
} from './program.js';
import { readTap } from './tap.js';
import type { ExternalWish } from './wish.js';

/** A TAP program is one case; its id is its path below the folder without `.t`. */
export async function findTapPrograms({ kind, path }: ExternalWish): Promise<readonly ExternalProgram[]> {
  if (path === undefined) throw usageError(`"${kind}" needs --path`, REMEDY);
  const root = resolve(path);
  const facts = await stat(root).catch(() => undefined);
  if (facts === undefined) throw usageError(`There is nothing at ${root}`, REMEDY, root);
  if (!facts.isDirectory()) return [await tapProgram(basename(root), root)];
  const names = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.t')).sort();
  if (names.length === 0) throw usageError(`There is no *.t program below ${root}`, REMEDY, root);
  return Promise.all(names.map((name) => tapProgram(name, join(root, name))));
}

const REMEDY = 'Install the outside suite first, and name its folder of *.t programs or one program';

async function tapProgram(name: string, file: string): Promise<ExternalProgram> {
  const id = name.replace(/\.t$/, '');
  const group = id.split('/').slice(0, -1).join('/') || 'external';
  return { cases: [{ id, group, says: `${id} passes` }], command: await commandOf(file), judge };
}

/** As prove(1): the interpreter of the first line, so that a test needs no execute bit; else the program itself. */
async function commandOf(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'latin1').catch((cause: unknown) => {
    const why = cause instanceof Object && 'code' in cause ? String(cause.code) : 'unknown';
    throw usageError(`${file} can not be read (${why})`, REMEDY, file);
  });
  const [first = ''] = text.split('\n', 1);
  const [, interpreter, argument] = /^#!\s*(\S+)(?:\s+(.*?))?\s*$/.exec(first) ?? [];
  if (interpreter === undefined) return [file];
  return [interpreter, ...(argument === undefined || argument === '' ? [] : [argument]), file];
}

function judge(end: ProgramEnd): Outcome {
  const verdict = readTap(end.stdout);
  if (end.exitCode === 0) return verdict;
  const points = verdict.state === 'failed' ? verdict.reason : undefined;
  const reason = joinLines(points, howEnded(end), lastLines(end.stderr, 5));
  return { state: 'failed', checks: verdict.checks, reason };
}
