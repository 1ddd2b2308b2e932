import type { ListPage } from '../s3/store.js';
import { monotonicMs } from './clock.js';
import { assertAttached, type Context } from './context.js';
import { entryOf } from './entries.js';
import { childrenPrefix, mayOverflow, objectKey, overflowPrefix } from './keys.js';
import { fileType, S_IFDIR, S_IFREG } from './modes.js';
import { isReserved, isShowable, nameOfSegment } from './names.js';
import { isPending, type DirectoryHandle, type DirectoryNode, type ListedName } from './nodes/node.js';
import { inodeNumber } from './nodes/table.js';
import type { DirectoryEntry, DirectorySink, FileSystem, HandleId } from './operations.js';
import { persistTimes } from './persist.js';
import { isFresh, meetListed } from './resolve.js';

/** A larger object is no symlink, fifo, socket or device: its type is known without a HEAD. */
const SMALLEST_SURE_FILE_BYTES = 4096;
/** About as many entries with attributes as the kernel takes at one time (a page of 4 KiB). */
const MEET_AHEAD = 32;
/** Longer listings are not kept as a hint for lookups. */
const HINT_LIMIT = 20_000;

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
    fsyncdir: async (ino) => {
      await persistTimes(context, context.table.directory(ino));
    },
    releasedir: (_ino, id) => {
      const handle = context.table.removeHandle(id);
      if (handle !== undefined) context.table.settle(handle.node);
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
  if (plus) await meetAhead(context, handle, Number(cookie), signal);
  for (let index = Number(cookie); ; index += 1) {
    while (index >= handle.entries.length && !handle.complete) await loadPage(context, handle, signal);
    const listed = handle.entries[index];
    if (listed === undefined) return;
    if (!offer(context, handle.node, listed, BigInt(index + 1), plus, sink)) return;
  }
}

/** The kernel wants attributes with the names: those that fit into one reply are asked for side by side. */
async function meetAhead(
  context: Context,
  handle: DirectoryHandle,
  from: number,
  signal: AbortSignal,
): Promise<void> {
  while (from + MEET_AHEAD > handle.entries.length && !handle.complete) {
    await loadPage(context, handle, signal);
  }
  const listed = handle.entries.slice(from, from + MEET_AHEAD).filter(({ name }) => !isDot(name));
  const { node } = handle;
  await Promise.all(
    listed.map(({ name, type }) => meetListed(context, node, name, type === S_IFDIR, signal)),
  );
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

async function loadPage(context: Context, handle: DirectoryHandle, signal: AbortSignal): Promise<void> {
  const { node, continuation } = handle;
  if (node.detached) {
    handle.complete = true;
    return;
  }
  assertAttached(node);
  const plain = childrenPrefix(context, node);
  const prefix = handle.inOverflow ? overflowPrefix(context, plain) : plain;
  const more = continuation === undefined ? {} : { continuationToken: continuation };
  const page = await context.store.list({ prefix, delimiter: '/', signal, ...more });
  for (const listed of namesOf(page, prefix)) add(context, handle, listed);
  handle.continuation = page.continuationToken;
  if (page.continuationToken !== undefined) return;
  if (handle.inOverflow || !mayOverflow(plain)) finish(context, handle);
  else handle.inOverflow = true;
}

/** Children that S3 does not hold yet come last; then the listing is whole. */
function finish(context: Context, handle: DirectoryHandle): void {
  const { node } = handle;
  for (const child of node.children.values()) {
    if (isPending(child)) add(context, handle, { name: child.name, type: fileType(child.posix.mode) });
  }
  handle.complete = true;
  const directories = handle.entries.filter(({ type }) => type === S_IFDIR).length - 2;
  node.subdirectories = directories;
  if (handle.entries.length > HINT_LIMIT) return;
  const names = handle.entries.slice(2).map(({ name, type }) => [name, type === S_IFDIR] as const);
  node.listing = { atMs: monotonicMs(), names: new Map(names) };
}

function add(context: Context, handle: DirectoryHandle, listed: ListedName): void {
  if (handle.seen.has(listed.name) || isReserved(handle.node === context.root, listed.name)) return;
  handle.seen.add(listed.name);
  handle.entries.push(listed);
}

/** A directory comes before an object of its name, which it hides. */
function namesOf(page: ListPage, prefix: string): ListedName[] {
  const directories = page.commonPrefixes.map((key) => ({
    name: nameOfSegment(key.slice(prefix.length, -1)),
    type: S_IFDIR,
  }));
  const files = page.objects.map(({ key, sizeBytes }) => ({
    name: nameOfSegment(key.slice(prefix.length)),
    type: sizeBytes > SMALLEST_SURE_FILE_BYTES ? S_IFREG : 0,
  }));
  return [...directories, ...files].filter(({ name }) => isShowable(name));
}
