import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { collectGroups } from './api/collect.js';
import { DEFAULT_CASE_TIMEOUT_MS } from './api/protocol.js';
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

async function loadCatalog(suite: string): Promise<Catalog> {
  const folder = suiteFolder(suite);
  const entries = await readdir(folder, { recursive: true });
  const cases: ListedCase[] = [];
  const files = new Map<string, string>();
  const unloadable: string[] = [];
  for (const file of entries.filter((name) => name.endsWith('.suite.js')).sort()) {
    const groups = await collectGroups(() => import(pathToFileURL(join(folder, file)).href)).catch(
      () => undefined,
    );
    if (groups === undefined) unloadable.push(basename(file));
    for (const group of groups ?? []) {
      files.set(group.group, basename(file));
      for (const { id, says, tier = 'quick', timeoutMs = DEFAULT_CASE_TIMEOUT_MS } of group.cases) {
        cases.push({ suite, group: group.group, id, says, tier, timeoutMs });
      }
    }
  }
  return { cases, files, unloadable };
}
