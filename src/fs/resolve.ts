import { Failure } from '../errors/failure.js';
import type { ObjectHead } from '../s3/store.js';
import { monotonicMs } from './clock.js';
import { assertAttached, nameLock, type Context } from './context.js';
import { childrenPrefix, directoryKey, mayOverflow, nodeKey, objectKey, overflowPrefix } from './keys.js';
import { checkName, isReserved } from './names.js';
import { isDirty, isPending, type DirectoryNode, type Node } from './nodes/node.js';
import { headOrNothing, posixFrom, storedFrom } from './objects.js';
import { S_IFDIR } from './modes.js';
import { fileType } from './modes.js';

/** Names that sort between `a` and `a/` (`a-b`, `a.txt`) and still let one request tell whether both are there. */
const PROBE_KEYS = 10;
/** The kernel asks for a name right before it changes it: that answer counts. */
export const JUST_ASKED_MS = 1000;
const MAX_ABSENT_NAMES = 1000;

/** Whether what we know of a node is young enough to be told without asking S3. */
export function isFresh(context: Context, node: Node): boolean {
  if (isPending(node) || isDirty(node) || node.detached || node.parent === undefined) return true;
  return monotonicMs() - node.checkedAtMs < context.mount.attributeTtlMs;
}

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
  if (known !== undefined && isFresh(context, known)) return known;
  const found = await context.locks.run(
    [nameLock(directory, name)],
    () => findChild(context, directory, name, context.mount.negativeTtlMs, signal),
    signal,
  );
  return found ?? noEntry(context, directory, name);
}

/** Gets to know a name that a listing has just told, by one HEAD. Never fails: the name is then told without attributes. */
export async function meetListed(
  context: Context,
  directory: DirectoryNode,
  name: string,
  isDirectory: boolean,
  signal: AbortSignal,
): Promise<void> {
  const known = directory.children.get(name);
  if (known !== undefined && isFresh(context, known)) return;
  const meet = async (): Promise<void> => {
    const now = directory.children.get(name);
    if (now !== undefined) await refresh(context, now, signal);
    else await load(context, directory, name, isDirectory, monotonicMs(), signal);
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
  if (known !== undefined && (isFresh(context, known) || (await refresh(context, known, signal))))
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

/**
 * Asks S3 again about a known node.
 *
 * @returns `false` where the node is no longer what its name leads to; it is then detached.
 */
export async function refresh(context: Context, node: Node, signal?: AbortSignal): Promise<boolean> {
  const revision = node.revision;
  const askedMs = monotonicMs();
  const head = await headOrNothing(context, nodeKey(context, node), signal);
  if (node.revision !== revision || isDirty(node)) return !node.detached;
  if (node.kind === 'directory') return await refreshDirectory(context, node, head, askedMs, signal);
  if (head !== undefined && adopt(context, node, head, askedMs)) return true;
  context.table.detach(node);
  return false;
}

async function refreshDirectory(
  context: Context,
  node: DirectoryNode,
  marker: ObjectHead | undefined,
  askedMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  if (marker !== undefined) {
    if (!node.timesDirty) node.posix = posixFrom(context, marker, true);
    node.object = storedFrom(marker);
  } else if (node.parent !== undefined && !(await hasChildren(context, node, signal))) {
    context.table.detach(node);
    return false;
  } else {
    node.object = undefined;
  }
  node.checkedAtMs = askedMs;
  return true;
}

async function hasChildren(context: Context, node: DirectoryNode, signal?: AbortSignal): Promise<boolean> {
  if ([...node.children.values()].some(isPending)) return true;
  const prefix = childrenPrefix(context, node);
  return (await hasKeys(context, prefix, signal)) || (await hasOverflow(context, prefix, signal));
}

/** Whether a prefix has children whose keys would be too long. */
export async function hasOverflow(context: Context, prefix: string, signal?: AbortSignal): Promise<boolean> {
  return mayOverflow(prefix) && (await hasKeys(context, overflowPrefix(context, prefix), signal));
}

async function hasKeys(context: Context, prefix: string, signal?: AbortSignal): Promise<boolean> {
  const page = await context.store.list({ prefix, maxKeys: 1, ...(signal === undefined ? {} : { signal }) });
  return page.objects.length > 0;
}

/** Takes over what S3 says of an object; `false` where it is another file than the one that is open here. */
function adopt(context: Context, node: Node, head: ObjectHead, askedMs: number): boolean {
  const posix = posixFrom(context, head, false);
  if (fileType(posix.mode) !== fileType(node.posix.mode)) return false;
  const sameBytes = node.object?.etag === head.etag && node.object.sizeBytes === head.sizeBytes;
  if (!sameBytes && node.openCount > 0) return false;
  if (!sameBytes && node.kind === 'file') {
    node.contentVersion += 1;
    node.foreignVersion += 1;
  }
  if (!sameBytes && node.kind === 'symlink') node.target = undefined;
  node.posix = posix;
  node.object = storedFrom(head);
  node.checkedAtMs = askedMs;
  return true;
}

/** Finds out what a name is: with a fresh listing's hint by one HEAD, else by one LIST, and a HEAD where it is there. */
async function probe(
  context: Context,
  directory: DirectoryNode,
  name: string,
  askedMs: number,
  signal?: AbortSignal,
): Promise<Node | undefined> {
  const { listing } = directory;
  const fresh = listing !== undefined && askedMs - listing.atMs < context.mount.attributeTtlMs;
  const hint = fresh ? listing.names.get(name) : undefined;
  const what = hint ?? (await probeByList(context, directory, name, signal));
  if (what === undefined) return undefined;
  const found = await load(context, directory, name, what, askedMs, signal);
  if (found !== undefined || hint === undefined) return found;
  directory.listing = undefined;
  return await probe(context, directory, name, askedMs, signal);
}

/** `true` for a directory, `false` for an object, `undefined` for nothing. A directory hides an object of its name. */
async function probeByList(
  context: Context,
  directory: DirectoryNode,
  name: string,
  signal?: AbortSignal,
): Promise<boolean | undefined> {
  const abort = signal === undefined ? {} : { signal };
  const key = objectKey(context, directory, name);
  const folder = directoryKey(context, directory, name);
  if (folder !== `${key}/`) return await probeApart(context, key, folder, signal);
  const page = await context.store.list({ prefix: key, delimiter: '/', maxKeys: PROBE_KEYS, ...abort });
  if (page.commonPrefixes.includes(folder)) return true;
  const isObject = page.objects[0]?.key === key;
  if (page.continuationToken === undefined || isPast(page, folder)) return isObject ? false : undefined;
  if (await hasKeys(context, folder, signal)) return true;
  return isObject ? false : undefined;
}

/** For a name whose object still has a key of its own while a directory would have none. */
async function probeApart(
  context: Context,
  key: string,
  folder: string,
  signal?: AbortSignal,
): Promise<boolean | undefined> {
  if (await hasKeys(context, folder, signal)) return true;
  return (await headOrNothing(context, key, signal)) === undefined ? undefined : false;
}

/** Whether a listing page, which is in order of bytes, has gone beyond a key. */
function isPast(
  page: { objects: readonly { key: string }[]; commonPrefixes: readonly string[] },
  key: string,
): boolean {
  const last = [page.objects.at(-1)?.key ?? '', page.commonPrefixes.at(-1) ?? ''];
  return last.some((candidate) => Buffer.compare(Buffer.from(candidate), Buffer.from(key)) > 0);
}

async function load(
  context: Context,
  directory: DirectoryNode,
  name: string,
  isDirectory: boolean,
  askedMs: number,
  signal?: AbortSignal,
): Promise<Node | undefined> {
  const key = isDirectory ? directoryKey(context, directory, name) : objectKey(context, directory, name);
  const head = await headOrNothing(context, key, signal);
  if (head === undefined && !isDirectory) return undefined;
  return context.table.add({
    parent: directory,
    name,
    key: objectKey(context, directory, name),
    posix: head === undefined ? implicitPosix(context) : posixFrom(context, head, isDirectory),
    object: head === undefined ? undefined : storedFrom(head),
    checkedAtMs: askedMs,
  });
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
