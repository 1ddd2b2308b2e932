import type { CaseGroup } from './case.js';

/**
 * Stands in the global object, because a suite's compiled file and whoever asks for its cases may hold two copies of
 * this module (a test that runs from the source tree).
 */
const TAKER = Symbol.for('objectfs.cases');

type Taker = (group: CaseGroup) => void;

// The symbol is ours alone: nobody else puts anything there.
const place = globalThis as { [TAKER]?: Taker | undefined };

/** Gives a group to whoever asks for cases; `false` where nobody does, and they are to be run. */
export function handOver(group: CaseGroup): boolean {
  const taker = place[TAKER];
  taker?.(group);
  return taker !== undefined;
}

/** The groups that `load` defines. Nothing of them is run, and no plan is needed. */
export async function collectGroups(load: () => Promise<unknown>): Promise<readonly CaseGroup[]> {
  const groups: CaseGroup[] = [];
  place[TAKER] = (group) => groups.push(group);
  try {
    await load();
  } finally {
    place[TAKER] = undefined;
  }
  return groups;
}
