import { readdir } from 'node:fs/promises';
import { closest } from 'fastest-levenshtein';
import { compiledModule } from '../config/paths.js';
import { Failure, usageError } from '../errors/failure.js';
import { suiteFolder } from './worker/jest-process.js';

/** Control first, then in the order in which a reader asks: is it right, is it whole, is it fast. */
const ORDER = ['posix', 'integrity', 'range', 'model', 'stress', 'throughput'];

/** Helpers of several suites, in a folder beside them. */
const SHARED = 'shared';

/**
 * The suites that this build has, in the order in which they are run.
 *
 * @throws Failure `internal` where nothing is built.
 */
export async function availableSuites(): Promise<readonly string[]> {
  const names = (await foldersOf(compiledModule('suites'))).filter((name) => name !== SHARED);
  if (names.length === 0) {
    throw new Failure('internal', 'There are no compiled suites', { remedy: 'Run npm run build first' });
  }
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/**
 * The suites that these names stand for; `all` is every one.
 *
 * @throws Failure `usage` for an unknown name, with the nearest one, and `internal` for a suite without files.
 */
export async function selectSuites(names: readonly string[]): Promise<readonly string[]> {
  const available = await availableSuites();
  for (const name of names) {
    if (name === 'all' || available.includes(name)) continue;
    const nearest = closest(name, [...available, 'all']);
    throw usageError(
      `There is no suite "${name}"`,
      `Did you mean "${nearest}"? Suites: ${available.join(', ')}, all`,
      name,
    );
  }
  const chosen = names.includes('all') ? available : available.filter((name) => names.includes(name));
  for (const name of chosen) await countFiles(name);
  return chosen;
}

/** Number of files of a suite. @throws Failure `internal` where it has none: a suite without cases is an error. */
export async function countFiles(suite: string): Promise<number> {
  const entries = await readdir(suiteFolder(suite), { recursive: true });
  const count = entries.filter((name) => name.endsWith('.suite.js')).length;
  if (count === 0) throw new Failure('internal', `The suite "${suite}" has no cases`, { subject: suite });
  return count;
}

function rank(name: string): number {
  const place = ORDER.indexOf(name);
  return place < 0 ? ORDER.length : place;
}

async function foldersOf(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return [];
  }
}
