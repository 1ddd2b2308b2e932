import { isInRun, readPlan } from './plan.js';
import type { RunPlan } from './protocol.js';

/** Names and sizes of a user's tree, parents before what they hold. Paths are relative, a byte in a character (latin1). */
export type LikeTree = NonNullable<RunPlan['like']>;
export type LikeEntry = LikeTree['entries'][number];

/** The tree of `--like`. @returns `undefined` in a run without it, and outside a run, where cases are only listed. */
export function likeTree(): LikeTree | undefined {
  return isInRun() ? readPlan().like : undefined;
}

const MOST_NAMED = 20;

/** The first paths of a list as people read them, and how many more there are. */
export function namedPaths(paths: readonly string[]): string {
  const named = paths
    .slice(0, MOST_NAMED)
    .map((path) => JSON.stringify(Buffer.from(path, 'latin1').toString()))
    .join(', ');
  return paths.length > MOST_NAMED ? `${named} and ${paths.length - MOST_NAMED} more` : named;
}
