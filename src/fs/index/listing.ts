import type { ListOptions, ListPage } from '../../s3/store.js';
import { monotonicMs } from '../clock.js';
import type { Context } from '../context.js';
import { childrenPrefix, mayOverflow } from '../keys.js';
import { orAbort } from '../locks.js';
import { isReserved, isShowable, keySegment, nameOfSegment } from '../names.js';
import { isPending, type DirectoryNode } from '../nodes/node.js';
import type { Listed, Listing, ListingDraft } from './catalog.js';
import { confirms, type ListedFacts } from './facts.js';
import { indexedObject, needIndex } from './load.js';

/** One question costs one request; the third within the time that answers stay fresh is worth a listing. */
const BURST = 3;
/** Of 1,000 names: a larger directory is asked for single names. */
const SURVEY_PAGES = 5;
const TOO_LARGE_MS = 60_000;

/** A name with what its page says of it. */
export interface ListedName extends Listed {
  readonly name: string;
}

/** One page of a listing of S3. */
export async function listPage(context: Context, options: ListOptions): Promise<ListPage> {
  const page = await context.store.list(options);
  context.indexes.observe(page.objects);
  return page;
}

/** Names of a page that can be shown; directories first, because one hides an object of its name. */
export function namesOf(
  context: Context,
  directory: DirectoryNode,
  page: ListPage,
  prefix: string,
): ListedName[] {
  const directories = page.commonPrefixes.map((key) => ({
    name: nameOfSegment(key.slice(prefix.length, -1)),
    isDirectory: true,
  }));
  const files = page.objects.map((facts) => ({
    name: nameOfSegment(facts.key.slice(prefix.length)),
    isDirectory: false,
    facts,
  }));
  const isRoot = directory === context.root;
  return [...directories, ...files].filter(({ name }) => isShowable(name) && !isReserved(isRoot, name));
}

/** The directory's own object on the first page of its listing. */
export function markerOf(page: ListPage, prefix: string): ListedFacts | 'none' {
  return page.objects.find(({ key }) => key === prefix) ?? 'none';
}

/** Begins a listing that may be kept. */
export function draftOf({ catalog, children }: DirectoryNode): ListingDraft {
  return catalog.draft([...children].filter(([, child]) => isPending(child)).map(([name]) => name));
}

/** The last listing, while names from it may still be told. */
export function keptListing(context: Context, directory: DirectoryNode): Listing | undefined {
  const { listing } = directory.catalog;
  const isFresh = listing !== undefined && monotonicMs() - listing.atMs < context.mount.entryTtlMs;
  return isFresh ? listing : undefined;
}

/**
 * Whether a name that a listing lacks may be told missing: the listing was asked for after the question came, or is no
 * older than the configuration allows such an answer to be.
 */
export function tellsAbsence(context: Context, listing: Listing, askedMs = Infinity): boolean {
  return listing.atMs >= askedMs || monotonicMs() - listing.atMs < context.mount.negativeTtlMs;
}

/**
 * A listing that may answer for a single name: a fresh one that is there, or a new one where single questions come in
 * a burst (git status, rsync, a second `ls -l`). `undefined` where the caller should ask for the name itself.
 */
export async function listingFor(
  context: Context,
  directory: DirectoryNode,
  signal?: AbortSignal,
): Promise<Listing | undefined> {
  const kept = keptListing(context, directory);
  if (kept !== undefined) return kept;
  const { catalog } = directory;
  const windowMs = Math.min(context.mount.entryTtlMs, context.mount.attributeTtlMs);
  const isBurst = catalog.question(windowMs) >= BURST;
  if (!isBurst || directory.detached || monotonicMs() < catalog.unsurveyableUntilMs) return undefined;
  if (mayOverflow(childrenPrefix(context, directory))) return undefined;
  catalog.survey ??= survey(context, directory).finally(() => {
    catalog.survey = undefined;
  });
  await orAbort(catalog.survey, signal);
  return keptListing(context, directory);
}

/** Objects of a page that neither a node nor the index at hand can describe. */
export function countUnknown(directory: DirectoryNode, listed: readonly ListedName[]): number {
  let count = 0;
  for (const { name, facts } of listed) {
    const object = directory.children.get(name)?.object;
    const isKnown = facts === undefined || (object !== undefined && confirms(facts, object));
    if (!isKnown && indexedObject(directory, keySegment(name), facts) === undefined) count += 1;
  }
  return count;
}

/** Lists a directory whole. Waiters share it, so it has no signal; the store's own time limits bound it. */
async function survey(context: Context, directory: DirectoryNode): Promise<void> {
  const { catalog } = directory;
  const prefix = childrenPrefix(context, directory);
  const draft = draftOf(directory);
  let unknown = 0;
  let marker: ListedFacts | 'none' | undefined;
  try {
    let page: ListPage | undefined;
    for (let pages = 0; page === undefined || page.continuationToken !== undefined; pages += 1) {
      if (pages === SURVEY_PAGES) {
        catalog.unsurveyableUntilMs = monotonicMs() + TOO_LARGE_MS;
        return;
      }
      const token = page?.continuationToken;
      const more = token === undefined ? {} : { continuationToken: token };
      page = await listPage(context, { prefix, delimiter: '/', ...more });
      marker ??= markerOf(page, prefix);
      const names = namesOf(context, directory, page, prefix);
      unknown += countUnknown(directory, names);
      for (const listed of names) draft.add(listed.name, listed);
    }
    await needIndex(context, directory, unknown);
    if (!directory.detached) {
      catalog.keep(draft, marker);
      context.shelf.put(directory);
    }
  } finally {
    catalog.drop(draft);
  }
}
