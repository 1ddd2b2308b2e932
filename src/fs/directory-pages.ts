import type { ListOptions, ListPage } from '../s3/store.js';
import { monotonicMs } from './clock.js';
import { assertAttached, type Context } from './context.js';
import type { PageOrigin } from './directory-window.js';
import { childrenPrefix, mayOverflow, overflowPrefix } from './keys.js';
import { fileType, S_IFDIR, S_IFREG } from './modes.js';
import {
  countUnknown,
  draftOf,
  keptListing,
  listPage,
  namesOf,
  tellsAbsence,
  type ListedName as NamedFacts,
} from './index/listing.js';
import { needIndex } from './index/load.js';
import { isPending, type DirectoryHandle, type DirectoryNode, type ListedName } from './nodes/node.js';
import { isFresh } from './refresh.js';

/** A larger object is no symlink, fifo, socket or device: its type is known without a HEAD. */
const SMALLEST_SURE_FILE_BYTES = 4096;

/** The name at a place; `undefined` where it has gone since. */
export async function entryAt(
  context: Context,
  handle: DirectoryHandle,
  place: number,
  signal: AbortSignal,
): Promise<ListedName | undefined> {
  const origin = handle.window.missing(place);
  if (origin !== undefined) {
    handle.window.restore(place, await listAgain(context, handle, origin, signal));
  }
  return handle.window.at(place);
}

/** Somebody has gone back to a page that was let go. */
async function listAgain(
  context: Context,
  handle: DirectoryHandle,
  { inOverflow, startAfter, last }: PageOrigin,
  signal: AbortSignal,
): Promise<readonly ListedName[]> {
  const { node } = handle;
  if (node.detached) return [];
  const askedMs = monotonicMs();
  const prefix = listedPrefix(context, node, inOverflow);
  const names: NamedFacts[] = [];
  let more: ListOptions = startAfter === undefined ? {} : { startAfter: `${prefix}${startAfter}` };
  for (let isWhole = false; !isWhole;) {
    const page = await listPage(context, { prefix, delimiter: '/', signal, ...more });
    names.push(...namesOf(context, node, page, prefix));
    const { continuationToken } = page;
    isWhole = continuationToken === undefined || !isBefore(lastIn(page, prefix), last);
    if (continuationToken !== undefined) more = { continuationToken };
  }
  rememberFacts(handle, names, askedMs);
  return names.map(listedName);
}

function listedPrefix(context: Context, node: DirectoryNode, inOverflow: boolean): string {
  const plain = childrenPrefix(context, node);
  return inOverflow ? overflowPrefix(context, plain) : plain;
}

/** The last of what a page lists, without the prefix. */
function lastIn({ objects, commonPrefixes }: ListPage, prefix: string): string {
  const last = [objects.at(-1)?.key ?? '', commonPrefixes.at(-1) ?? ''];
  const [one = '', other = ''] = last.map((key) => key.slice(prefix.length));
  return isBefore(one, other) ? other : one;
}

/** In the order of S3, which is that of UTF-8. */
function isBefore(left: string, right: string): boolean {
  return Buffer.compare(Buffer.from(left), Buffer.from(right)) < 0;
}

/** Lists the next page of a directory: what its handle shows grows. */
export async function loadPage(
  context: Context,
  handle: DirectoryHandle,
  plus: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { node, continuation } = handle;
  if (node.detached) {
    handle.complete = true;
    return;
  }
  assertAttached(node);
  if (handle.draft === undefined && (await takeKept(context, handle, plus, signal))) return;
  if (handle.draft === undefined) begin(handle);
  const askedMs = monotonicMs();
  const prefix = listedPrefix(context, node, handle.inOverflow);
  // A fresh directory needs not be told of its own object, which would make 1,000 names two pages.
  const skipsMarker = prefix !== '' && isFresh(context, node);
  const more = skipsMarker && continuation === undefined ? { startAfter: prefix } : {};
  const token = continuation === undefined ? more : { continuationToken: continuation };
  const page = await listPage(context, { prefix, delimiter: '/', signal, ...token });
  const names = namesOf(context, node, page, prefix);
  for (const listed of names) {
    handle.draft?.add(listed.name, listed);
    handle.unsaved.delete(listed.name);
  }
  const startAfter = handle.lastListed;
  const origin = { inOverflow: handle.inOverflow, startAfter, last: lastIn(page, prefix) };
  await take(context, handle, { names, askedMs, origin }, plus, signal);
  handle.continuation = page.continuationToken;
  handle.lastListed = origin.last;
  if (page.continuationToken !== undefined) return;
  if (mayOverflow(prefix) && !handle.inOverflow) {
    handle.inOverflow = true;
    handle.lastListed = undefined;
    return;
  }
  if (handle.draft !== undefined) node.catalog.keep(handle.draft, undefined);
  context.shelf.put(node);
  finish(handle);
}

/** A listing that is at hand will do where it is young enough to say what is not there. */
async function takeKept(
  context: Context,
  handle: DirectoryHandle,
  plus: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const kept = keptListing(context, handle.node);
  if (kept === undefined || !tellsAbsence(context, kept)) return false;
  const names = [...kept.names].map(([name, listed]) => ({ name, ...listed }));
  await take(context, handle, { names, askedMs: kept.atMs }, plus, signal);
  finish(handle);
  return true;
}

interface TakenPage {
  readonly names: readonly NamedFacts[];
  readonly askedMs: number;
  /** Absent: of a listing that is kept anyway. */
  readonly origin?: PageOrigin;
}

async function take(
  context: Context,
  handle: DirectoryHandle,
  { names, askedMs, origin }: TakenPage,
  plus: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (plus) await needIndex(context, handle.node, countUnknown(handle.node, names), signal);
  handle.window.add(names.map(listedName), origin);
  rememberFacts(handle, names, askedMs);
}

function listedName({ name, isDirectory, facts }: NamedFacts): ListedName {
  const isSure = facts !== undefined && facts.sizeBytes > SMALLEST_SURE_FILE_BYTES;
  return { name, type: isDirectory ? S_IFDIR : isSure ? S_IFREG : 0 };
}

function rememberFacts(handle: DirectoryHandle, names: readonly NamedFacts[], askedMs: number): void {
  const facts = names.flatMap(({ name, facts }) => (facts === undefined ? [] : [[name, facts] as const]));
  // What is met next lies on the last page, or on the one before it.
  handle.pages = [...handle.pages.slice(-1), { askedMs, facts: new Map(facts) }];
}

function begin(handle: DirectoryHandle): void {
  const { node } = handle;
  handle.draft = draftOf(node);
  handle.unsaved = new Set([...node.children.values()].filter(isPending).map(({ name }) => name));
}

/** Children that S3 does not hold yet, or did not when their page was listed, come last; then the listing is whole. */
function finish(handle: DirectoryHandle): void {
  const { node } = handle;
  const children = [...node.children.values()];
  const pending = children.filter((child) => isPending(child) || handle.unsaved.has(child.name));
  handle.window.add(pending.map(({ name, posix }) => ({ name, type: fileType(posix.mode) })));
  handle.complete = true;
  node.subdirectories = handle.window.directories - 2;
}
