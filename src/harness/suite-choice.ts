import type { ExternalProgram } from './external/program.js';
import { catalogOf, type Catalog } from './case-catalog.js';
import { selectSuites } from './find-suites.js';
import { selectCases, type Selection } from './selection.js';

/** What a run does of one suite. */
export interface ChosenSuite {
  readonly suite: string;
  /** Ids of the cases to run, in the order of the suite. */
  readonly only: readonly string[];
  /** Names of the files that hold them, and of those that can not be loaded. */
  readonly files: readonly string[];
  /** Ids of cases that the suite has and this run leaves out. */
  readonly leftOut: ReadonlySet<string>;
  /** The limits of its cases together. Absent: not known. */
  readonly weightMs?: number;
  /** Present: programs of an outside suite instead of cases of ours. */
  readonly external?: { readonly programs: readonly ExternalProgram[]; readonly limitMs: number };
}

/**
 * The suites that these names stand for, each with the cases of the selection; suites of which nothing is left are not
 * among them.
 *
 * @throws Failure `usage` for an unknown name and for a selection of nothing.
 */
export async function chooseSuites(
  names: readonly string[],
  selection: Selection,
): Promise<readonly ChosenSuite[]> {
  const suites = await selectSuites(names);
  const catalogs: (readonly [string, Catalog])[] = [];
  for (const suite of suites) catalogs.push([suite, await catalogOf(suite)]);
  const cases = selectCases(
    catalogs.flatMap(([, catalog]) => catalog.cases),
    selection,
  );
  const isNarrowed = selection.filter !== undefined || selection.shard !== undefined;
  return catalogs.flatMap(([suite, catalog]) => {
    const mine = cases.filter((entry) => entry.suite === suite);
    const only = mine.map(({ id }) => id);
    const chosen = new Set(only);
    const groups = new Set(mine.map(({ group }) => group));
    // A file that can not be loaded is a broken case of a whole run; a narrowed one is about other files.
    const broken = isNarrowed ? [] : catalog.unloadable;
    const files = [...[...groups].flatMap((group) => catalog.files.get(group) ?? []), ...broken];
    if (files.length === 0) return [];
    const leftOut = catalog.cases.map(({ id }) => id).filter((id) => !chosen.has(id));
    const weightMs = mine.reduce((sum, { timeoutMs }) => sum + timeoutMs, 0);
    return [{ suite, only, files: [...new Set(files)], leftOut: new Set(leftOut), weightMs }];
  });
}
