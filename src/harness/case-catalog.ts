import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CaseGroup } from './api/case.js';
import { collectGroups } from './api/collect.js';
import { DEFAULT_CASE_TIMEOUT_MS } from './api/limits.js';
import type { ListedCase } from './selection.js';
import { suiteFolder } from './worker/jest-process.js';

/** The cases of one suite, without a run. */
export interface Catalog {
  readonly cases: readonly ListedCase[];
  /** File of each group: `rename.suite.js`. */
  readonly files: ReadonlyMap<string, string>;
  /** Files that could not be loaded; a run tells why. */
  readonly unloadable: readonly string[];
}

/** Node loads a module once, and only then it defines its cases. */
const known = new Map<string, Promise<Catalog>>();
let turn: Promise<unknown> = Promise.resolve();

/** Loads the files of a suite and lists their cases; none is run. */
export function catalogOf(suite: string): Promise<Catalog> {
  const there = known.get(suite);
  if (there !== undefined) return there;
  // One after the other: who asks for groups gets all that are defined meanwhile.
  const catalog = turn.then(() => loadCatalog(suite));
  turn = catalog.catch(() => undefined);
  known.set(suite, catalog);
  return catalog;
}

/** One compiled file of a suite with what it defines; `undefined` where it can not be loaded. */
export interface LoadedFile {
  readonly file: string;
  readonly groups: readonly CaseGroup[] | undefined;
}

/** Loads the files of a suite; possible once in a process, for Node runs a module once. */
export async function loadGroups(suite: string): Promise<readonly LoadedFile[]> {
  const folder = suiteFolder(suite);
  const entries = await readdir(folder, { recursive: true });
  const loaded: LoadedFile[] = [];
  for (const name of entries.filter((entry) => entry.endsWith('.suite.js')).sort()) {
    const { href } = pathToFileURL(join(folder, name));
    const groups = await collectGroups(() => import(href)).catch(() => undefined);
    loaded.push({ file: basename(name), groups });
  }
  return loaded;
}

async function loadCatalog(suite: string): Promise<Catalog> {
  const cases: ListedCase[] = [];
  const files = new Map<string, string>();
  const unloadable: string[] = [];
  for (const { file, groups } of await loadGroups(suite)) {
    if (groups === undefined) unloadable.push(file);
    for (const group of groups ?? []) {
      files.set(group.group, file);
      for (const { id, says, tier = 'quick', timeoutMs = DEFAULT_CASE_TIMEOUT_MS } of group.cases) {
        cases.push({ suite, group: group.group, id, says, tier, timeoutMs });
      }
    }
  }
  return { cases, files, unloadable };
}
