import { Failure } from '../errors/failure.js';
import { monotonicMs } from './clock.js';
import { isFresh, revalidateAt } from './refresh.js';
import { assertAttached, nameLock, type Context } from './context.js';
import { directoryKey, objectKey } from './keys.js';
import { confirm, isYoung, knownDirectory, knownFile } from './index/answers.js';
import type { Listed } from './index/catalog.js';
import { listingFor, tellsAbsence } from './index/listing.js';
import { joinGroup } from './links/group.js';
import { checkName, isReserved } from './names.js';
import type { DirectoryNode, ListedPage, Node } from './nodes/node.js';
import { probeByList, type Found } from './probe.js';
import { S_IFDIR } from './modes.js';

/** The kernel asks for a name right before it changes it: that answer counts. */
export const JUST_ASKED_MS = 1000;
const MAX_ABSENT_NAMES = 1000;

/**
 * The node with this name, from memory while fresh, else from S3.
 *
 * @throws Failure `no-entry`, `name-too-long`, `invalid-argument`, or what the store throws.
 */
export async function lookupChild(
  context: Context,
  directory: DirectoryNode,
  name: string,
  signal?: AbortSignal,
): Promise<Node> {
  checkName(name);
  assertAttached(directory);
  const known = directory.children.get(name);
  // What is just being replaced or removed is told under the name's lock, which waits for the outcome.
  const isLeaving = known?.kind === 'file' && known.leaving !== undefined;
  if (known !== undefined && !isLeaving && isFresh(context, known)) return known;
  const found = await context.locks.run(
    [nameLock(directory, name)],
    () => findChild(context, directory, name, context.mount.negativeTtlMs, signal),
    signal,
  );
  return found ?? noEntry(context, directory, name);
}

/**
 * Gets to know a name that a listing has just told: from memory or the attribute index where the listing confirms
 * them, else by one HEAD. Never fails: the name is then told without attributes.
 *
 * @param page - What the listing said with it; counts while it is fresh.
 */
export async function meetListed(
  context: Context,
  directory: DirectoryNode,
  name: string,
  isDirectory: boolean,
  page: ListedPage,
  signal: AbortSignal,
): Promise<void> {
  const isStillTrue = isYoung(context, page.askedMs);
  const facts = isStillTrue ? page.facts.get(name) : undefined;
  const known = directory.children.get(name);
  if (known !== undefined && (isFresh(context, known) || confirm(known, facts, page.askedMs))) return;
  const meet = async (): Promise<void> => {
    const now = directory.children.get(name);
    const listed = facts === undefined ? { isDirectory } : { isDirectory, facts };
    if (now !== undefined) await revalidateAt(context, now, directory, name, signal);
    else if (!isStillTrue) await findChild(context, directory, name, 0, signal);
    else await load(context, directory, name, foundIn(listed), page.askedMs, signal);
  };
  try {
    await context.metadataRequests(() => context.locks.run([nameLock(directory, name)], meet, signal));
  } catch (error) {
    context.log.debug({ name, reason: Failure.from(error).message }, 'a listed name could not be looked up');
  }
}

/** @throws Failure `no-entry`, always. */
export function noEntry(context: Context, directory: DirectoryNode, name: string): never {
  throw new Failure('no-entry', `There is no ${objectKey(context, directory, name)}`);
}

/**
 * As {@link lookupChild}, for callers that hold the lock of the name.
 *
 * @param absentMs - How old an answer "not there" may be.
 */
export async function findChild(
  context: Context,
  directory: DirectoryNode,
  name: string,
  absentMs: number,
  signal?: AbortSignal,
): Promise<Node | undefined> {
  checkName(name);
  if (isReserved(directory === context.root, name)) return undefined;
  const known = directory.children.get(name);
  if (
    known !== undefined &&
    (isFresh(context, known) || (await revalidateAt(context, known, directory, name, signal)))
  )
    return known;
  const absentSince = directory.absent.get(name);
  if (absentSince !== undefined && monotonicMs() - absentSince < absentMs) return undefined;
  const askedMs = monotonicMs();
  const found = await probe(context, directory, name, askedMs, signal);
  if (found === undefined) noteAbsent(directory, name, askedMs);
  else directory.absent.delete(name);
  return found;
}

/** Remembers that S3 has nothing of this name. */
export function noteAbsent(directory: DirectoryNode, name: string, atMs: number): void {
  if (directory.absent.size >= MAX_ABSENT_NAMES) directory.absent.clear();
  directory.absent.set(name, atMs);
}

/** Finds out what a name is: by a listing of the directory that is at hand, else by one of this name. */
async function probe(
  context: Context,
  directory: DirectoryNode,
  name: string,
  askedMs: number,
  signal?: AbortSignal,
): Promise<Node | undefined> {
  const listing = await listingFor(context, directory, signal);
  const listed = listing?.names.get(name);
  if (listing !== undefined && listed === undefined && tellsAbsence(context, listing, askedMs))
    return undefined;
  if (listing !== undefined && listed !== undefined) {
    const node = await load(context, directory, name, foundIn(listed), listing.atMs, signal);
    if (node !== undefined) return node;
    directory.catalog.forgetListing();
  }
  const found = await probeByList(context, directory, name, signal);
  return found === undefined ? undefined : await load(context, directory, name, found, askedMs, signal);
}

function foundIn({ isDirectory, facts }: Listed): Found {
  if (isDirectory) return { isDirectory, isLarge: false };
  return facts === undefined ? { isDirectory } : { isDirectory, facts };
}

/** Makes the node of a name that is there; `undefined` where it has just gone. */
async function load(
  context: Context,
  directory: DirectoryNode,
  name: string,
  found: Found,
  askedMs: number,
  signal?: AbortSignal,
): Promise<Node | undefined> {
  const key = objectKey(context, directory, name);
  const seed = { parent: directory, name, key };
  if (!found.isDirectory) {
    const known = await knownFile(context, directory, name, key, { askedMs, ...found }, signal);
    if (known === undefined) return undefined;
    const { posix, object, target } = known;
    const place = { directory, name };
    const linked = await joinGroup(
      context,
      { place, key, posix, object, checkedAtMs: known.askedMs },
      signal,
    );
    const node = linked ?? context.table.add({ posix, object, checkedAtMs: known.askedMs, ...seed });
    if (node.kind === 'symlink') node.target ??= target;
    return node;
  }
  const { known, index } = await knownDirectory(
    context,
    directoryKey(context, directory, name),
    found,
    askedMs,
    signal,
  );
  const node = context.table.add({
    ...seed,
    posix: known?.posix ?? implicitPosix(context),
    object: known?.object,
    checkedAtMs: known?.askedMs ?? askedMs,
  });
  if (node.kind === 'directory') node.catalog.index = index;
  return node;
}

/** Attributes of a prefix that has no marker. */
export function implicitPosix(context: Context): Node['posix'] {
  const time = context.startedNs;
  return {
    mode: S_IFDIR | 0o755,
    ...context.owner,
    rdev: 0,
    atimeNs: time,
    mtimeNs: time,
    ctimeNs: time,
    xattrs: new Map(),
  };
}
