import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { usageError } from '../../errors/failure.js';
import { selectCases, type ListedCase, type Selection } from '../selection.js';
import type { ChosenSuite } from '../suite-choice.js';

/** Kinds of programs that are understood: `pjdfstest` is a tree of TAP programs. */
export const EXTERNAL_KINDS = ['tap', 'pjdfstest'] as const;
export type ExternalKind = (typeof EXTERNAL_KINDS)[number];

/** What the user has installed. */
export interface ExternalWish {
  readonly kind: ExternalKind;
  /** A TAP program, or a folder with `*.t` programs at any depth. */
  readonly path: string;
}

/** A case is one program; its id is its path below the folder without `.t`. */
export interface ExternalProgram {
  readonly id: string;
  readonly group: string;
  /** Absolute. */
  readonly file: string;
}

/** Longest time of one program; a conformance file of some thousand calls takes seconds. */
export const EXTERNAL_LIMIT_MS = 300_000;

/**
 * The programs at a path that the selection takes, as one suite.
 *
 * @throws Failure `usage` where there is nothing at the path, and for a selection of nothing.
 */
export async function chooseExternal(wish: ExternalWish, selection: Selection): Promise<ChosenSuite> {
  const suite = `external-${wish.kind}`;
  const programs = await findPrograms(resolve(wish.path));
  const listed = programs.map(({ id, group }): ListedCase => {
    return { suite, id, group, says: `${id} passes`, tier: 'quick', timeoutMs: EXTERNAL_LIMIT_MS };
  });
  const only = selectCases(listed, selection).map(({ id }) => id);
  const chosen = programs.filter(({ id }) => only.includes(id));
  const leftOut = new Set(programs.map(({ id }) => id).filter((id) => !only.includes(id)));
  return { suite, only, files: chosen.map(({ file }) => file), leftOut, external: chosen };
}

async function findPrograms(path: string): Promise<readonly ExternalProgram[]> {
  const facts = await stat(path).catch(() => undefined);
  const remedy = 'Install the outside suite first, and name its folder of *.t programs or one program';
  if (facts === undefined) throw usageError(`There is nothing at ${path}`, remedy, path);
  if (!facts.isDirectory()) return [program(basename(path), path)];
  const names = (await readdir(path, { recursive: true })).filter((name) => name.endsWith('.t')).sort();
  if (names.length === 0) throw usageError(`There is no *.t program below ${path}`, remedy, path);
  return names.map((name) => program(name, join(path, name)));
}

function program(name: string, file: string): ExternalProgram {
  const id = name.replace(/\.t$/, '');
  return { id, group: id.split('/').slice(0, -1).join('/') || 'external', file };
}
