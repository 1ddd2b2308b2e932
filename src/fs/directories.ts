import { monotonicMs } from './clock.js';
import { assertAttached, type Context } from './context.js';
import { entryOf } from './entries.js';
import { childrenPrefix, mayOverflow, objectKey, overflowPrefix } from './keys.js';
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
import {
  isPending,
  type DirectoryHandle,
  type DirectoryNode,
  type ListedName,
  type ListedPage,
} from './nodes/node.js';
import { inodeNumber } from './nodes/table.js';
import type { DirectoryEntry, DirectorySink, FileSystem, HandleId } from './operations.js';
import { saveTimes } from './directory-times.js';
import { isFresh } from './refresh.js';
import { meetListed } from './resolve.js';

/** A larger object is no symlink, fifo, socket or device: its type is known without a HEAD. */
const SMALLEST_SURE_FILE_BYTES = 4096;
/** About as many entries with attributes as the kernel takes at one time (a page of 4 KiB). */
const MEET_AHEAD = 32;
const NO_PAGE: ListedPage = { askedMs: -Infinity, facts: new Map() };

type DirectoryOperations = Pick<FileSystem, 'opendir' | 'readdir' | 'fsyncdir' | 'releasedir'>;

/** Operations on open directories. */
export function directoryOperations(context: Context): DirectoryOperations {
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- a failure must reject, not throw
    opendir: async (ino) => {
      const node = context.table.directory(ino);
      const handle = context.table.addHandle((id) => newHandle(id, node));
      return { handle, directIo: false, keepCache: false };
    },
    readdir: async (_ino, id, cookie, plus, sink, request) => {
      await readDirectory(context, context.table.handle(id, 'directory'), cookie, plus, sink, request.signal);
    },
    fsyncdir: async (ino, _handle, request) => {
      const node = context.table.directory(ino);
      if (node.timesDirty) await saveTimes(context, node, request.signal);
      context.indexes.note(context, node, 0);
    },
    releasedir: (_ino, id) => {
      const handle = context.table.removeHandle(id);
      if (handle === undefined) return Promise.resolve();
      if (handle.kind === 'directory') dropDraft(handle);
      context.table.settle(handle.node);
      return Promise.resolve();
    },
  };
}

function newHandle(id: HandleId, node: DirectoryNode): DirectoryHandle {
  return {
    kind: 'directory',
    id,
    node,
    entries: [],
    seen: new Set(),
    pages: [],
    draft: undefined,
    continuation: undefined,
    inOverflow: false,
    complete: false,
  };
}

/** The cookie of an entry is its place in the handle's list, which only grows, so it stays right under change. */
async function readDirectory(
  context: Context,
  handle: DirectoryHandle,
  cookie: bigint,
  plus: boolean,
  sink: DirectorySink,
  signal: AbortSignal,
): Promise<void> {
  if (cookie === 0n) rewind(handle);
  let met = Number(cookie);
  for (let index = met; ; index += 1) {
    if (plus && index >= met) met = await meetAhead(context, handle, index, signal);
    while (index >= handle.entries.length && !handle.complete) await loadPage(context, handle, plus, signal);
    const listed = handle.entries[index];
    if (listed === undefined) return;
    if (!offer(context, handle.node, listed, BigInt(index + 1), plus, sink)) return;
  }
}

/**
 * The kernel wants attributes with the names: they are asked for side by side, a stretch at a time.
 *
 * @returns The place after the stretch.
 */
async function meetAhead(
  context: Context,
  handle: DirectoryHandle,
  from: number,
  signal: AbortSignal,
): Promise<number> {
  while (from + MEET_AHEAD > handle.entries.length && !handle.complete) {
    await loadPage(context, handle, true, signal);
  }
  const { node } = handle;
  const listed = handle.entries.slice(from, from + MEET_AHEAD).filter(({ name }) => !isDot(name));
  const meet = async ({ name, type }: ListedName): Promise<void> => {
    const page = handle.pages.find(({ facts }) => facts.has(name)) ?? handle.pages.at(-1) ?? NO_PAGE;
    await meetListed(context, node, name, type === S_IFDIR, page, signal);
  };
  await Promise.all(listed.map(meet));
  return from + MEET_AHEAD;
}

function isDot(name: string): boolean {
  return name === '.' || name === '..';
}

function rewind(handle: DirectoryHandle): void {
  handle.entries = [
    { name: '.', type: S_IFDIR },
    { name: '..', type: S_IFDIR },
  ];
  handle.seen.clear();
  handle.pages = [];
  dropDraft(handle);
  handle.continuation = undefined;
  handle.inOverflow = false;
  handle.complete = false;
}

function offer(
  context: Context,
  directory: DirectoryNode,
  listed: ListedName,
  nextCookie: bigint,
  plus: boolean,
  sink: DirectorySink,
): boolean {
  const { name } = listed;
  if (isDot(name)) {
    const { ino } = name === '.' ? directory : (directory.parent ?? directory);
    return sink.add({ name, ino, type: S_IFDIR, nextCookie });
  }
  const node = directory.children.get(name);
  const ino = node?.ino ?? inodeNumber(objectKey(context, directory, name));
  const type = node === undefined ? listed.type : fileType(node.posix.mode);
  const entry: DirectoryEntry = { name, ino, type, nextCookie };
  if (!plus || node === undefined || !isFresh(context, node)) return sink.add(entry);
  const full = entryOf(context, node);
  const taken = sink.add(entry, full);
  if (!taken) context.table.forget(node.ino, 1n);
  return taken;
}

function dropDraft(handle: DirectoryHandle): void {
  if (handle.draft !== undefined) handle.node.catalog.drop(handle.draft);
  handle.draft = undefined;
}

async function loadPage(
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
  const kept = keptListing(context, node);
  if (handle.draft === undefined && kept !== undefined && tellsAbsence(context, kept)) {
    const names = [...kept.names].map(([name, listed]) => ({ name, ...listed }));
    await take(context, handle, names, kept.atMs, plus, signal);
    finish(handle);
    return;
  }
  handle.draft ??= draftOf(node);
  const askedMs = monotonicMs();
  const plain = childrenPrefix(context, node);
  const prefix = handle.inOverflow ? overflowPrefix(context, plain) : plain;
  // A fresh directory needs not be told of its own object, which would make 1,000 names two pages.
  const skipsMarker = prefix !== '' && isFresh(context, node);
  const more = skipsMarker && continuation === undefined ? { startAfter: prefix } : {};
  const token = continuation === undefined ? more : { continuationToken: continuation };
  const page = await listPage(context, { prefix, delimiter: '/', signal, ...token });
  const names = namesOf(context, node, page, prefix);
  for (const listed of names) handle.draft.add(listed.name, listed);
  await take(context, handle, names, askedMs, plus, signal);
  handle.continuation = page.continuationToken;
  if (page.continuationToken !== undefined) return;
  if (mayOverflow(plain) && !handle.inOverflow) {
    handle.inOverflow = true;
    return;
  }
  node.catalog.keep(handle.draft, undefined);
  context.shelf.put(node);
  finish(handle);
}

async function take(
  context: Context,
  handle: DirectoryHandle,
  names: readonly NamedFacts[],
  askedMs: number,
  plus: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (plus) await needIndex(context, handle.node, countUnknown(handle.node, names), signal);
  for (const { name, isDirectory, facts } of names) {
    const isSure = facts !== undefined && facts.sizeBytes > SMALLEST_SURE_FILE_BYTES;
    add(handle, { name, type: isDirectory ? S_IFDIR : isSure ? S_IFREG : 0 });
  }
  const facts = names.flatMap(({ name, facts }) => (facts === undefined ? [] : [[name, facts] as const]));
  // What is met next lies on the last page, or on the one before it.
  handle.pages = [...handle.pages.slice(-1), { askedMs, facts: new Map(facts) }];
}

/** Children that S3 does not hold yet come last; then the listing is whole. */
function finish(handle: DirectoryHandle): void {
  const { node } = handle;
  for (const child of node.children.values()) {
    if (isPending(child)) add(handle, { name: child.name, type: fileType(child.posix.mode) });
  }
  handle.complete = true;
  node.subdirectories = handle.entries.filter(({ type }) => type === S_IFDIR).length - 2;
}

function add(handle: DirectoryHandle, listed: ListedName): void {
  if (handle.seen.has(listed.name)) return;
  handle.seen.add(listed.name);
  handle.entries.push(listed);
}
