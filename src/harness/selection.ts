import { closest } from 'fastest-levenshtein';
import { usageError } from '../errors/failure.js';
import { TIERS, type Tier } from './api/case.js';

/** What is known of a case before it is run. */
export interface ListedCase {
  readonly suite: string;
  readonly group: string;
  readonly id: string;
  readonly says: string;
  readonly tier: Tier;
  /** Its limit, the author's word for how heavy it is. */
  readonly timeoutMs: number;
}

/** One of `count` machines that share the cases; `index` counts from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Which cases of the named suites a run takes. */
export interface Selection {
  /** @defaultValue `full` */
  readonly tier?: Tier;
  /** Patterns with commas between them, see {@link matches}. */
  readonly filter?: string;
  readonly shard?: Shard;
}

/** Tier of a run that names none: all that can be said of a target without hours of load. */
export const DEFAULT_TIER: Tier = 'full';

/**
 * The cases of a selection.
 *
 * @throws Failure `usage` where none is left: a run of nothing must never look like a pass.
 */
export function selectCases(cases: readonly ListedCase[], selection: Selection): readonly ListedCase[] {
  const rank = TIERS.indexOf(selection.tier ?? DEFAULT_TIER);
  const inTier = cases.filter(({ tier }) => TIERS.indexOf(tier) <= rank);
  const patterns = selection.filter?.split(',').map((pattern) => pattern.trim());
  const wanted =
    patterns === undefined
      ? inTier
      : inTier.filter((entry) => patterns.some((pattern) => matches(pattern, entry)));
  if (wanted.length === 0) throw nothingSelected(cases, inTier, selection);
  if (selection.shard === undefined) return wanted;
  const mine = shardOf(wanted, selection.shard);
  if (mine.length > 0) return mine;
  const { index, count } = selection.shard;
  throw usageError(
    `Shard ${index}/${count} has no case: there are only ${wanted.length}`,
    'Name fewer shards',
  );
}

/**
 * Whether a pattern means a case: `rename` is a group, `rename/exdev` a case, `posix:rename/*` names the suite too, and
 * `*` stands for anything.
 */
export function matches(
  pattern: string,
  { suite, id, group }: Pick<ListedCase, 'suite' | 'id' | 'group'>,
): boolean {
  const expression = new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`);
  return [group, id, suite, `${suite}:${group}`, `${suite}:${id}`].some((name) => expression.test(name));
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}

/**
 * The part of one shard: the heaviest case first, each to the shard that has least so far (Graham's longest
 * processing time rule). The same on each machine.
 */
function shardOf(cases: readonly ListedCase[], { index, count }: Shard): readonly ListedCase[] {
  const loads = Array.from({ length: count }, () => 0);
  const mine = new Set<ListedCase>();
  for (const entry of [...cases].sort(heaviestFirst)) {
    const lightest = loads.indexOf(Math.min(...loads));
    loads[lightest] = (loads[lightest] ?? 0) + entry.timeoutMs;
    if (lightest === index - 1) mine.add(entry);
  }
  return cases.filter((entry) => mine.has(entry));
}

function heaviestFirst(a: ListedCase, b: ListedCase): number {
  const byName = a.id < b.id ? -1 : a.id > b.id ? 1 : a.suite < b.suite ? -1 : 1;
  return b.timeoutMs - a.timeoutMs || byName;
}

/** `2/4`. @throws Failure `usage` for anything else. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (shard.index >= 1 && shard.index <= shard.count) return shard;
  throw usageError(`--shard takes I/N, not "${text}"`, 'The first of four is --shard 1/4', text);
}

function nothingSelected(
  cases: readonly ListedCase[],
  inTier: readonly ListedCase[],
  { filter = '', tier = DEFAULT_TIER }: Selection,
) {
  const message = `No case matches ${filter === '' ? `tier ${tier}` : `--filter ${filter} in tier ${tier}`}`;
  const isElsewhere = cases.some((entry) => filter.split(',').some((pattern) => matches(pattern, entry)));
  if (isElsewhere && inTier.length < cases.length)
    return usageError(message, 'A higher --tier has it', filter);
  const names = [...new Set(cases.flatMap(({ id, group }) => [id, group]))];
  return usageError(
    message,
    names.length === 0 ? undefined : `Did you mean "${closest(filter, names)}"?`,
    filter,
  );
}
