import { noteAccess } from './access-times.js';
import type { Context } from './context.js';
import { entryAt, loadPage } from './directory-pages.js';
import { saveTimes } from './directory-times.js';
import { DirectoryWindow } from './directory-window.js';
import { entryOf } from './entries.js';
import { objectKey } from './keys.js';
import { fileType, S_IFDIR } from './modes.js';
import type { DirectoryHandle, DirectoryNode, ListedName, ListedPage } from './nodes/node.js';
import { inodeNumber } from './nodes/table.js';
import type { DirectoryEntry, DirectorySink, FileSystem, HandleId } from './operations.js';
import { isFresh } from './refresh.js';
import { meetListed } from './resolve.js';

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
      noteAccess(context, node);
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
    window: startOf(),
    pages: [],
    draft: undefined,
    unsaved: new Set(),
    continuation: undefined,
    lastListed: undefined,
    inOverflow: false,
    complete: false,
  };
}

function startOf(): DirectoryWindow {
  const window = new DirectoryWindow();
  window.add([
    { name: '.', type: S_IFDIR },
    { name: '..', type: S_IFDIR },
  ]);
  return window;
}

/** The cookie of an entry is its place in the handle's window, which never changes. */
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
    while (index >= handle.window.length && !handle.complete) await loadPage(context, handle, plus, signal);
    if (index >= handle.window.length) return;
    const listed = await entryAt(context, handle, index, signal);
    if (listed === undefined) continue;
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
  while (from + MEET_AHEAD > handle.window.length && !handle.complete) {
    await loadPage(context, handle, true, signal);
  }
  const { node } = handle;
  const listed: ListedName[] = [];
  for (let at = from; at < Math.min(from + MEET_AHEAD, handle.window.length); at += 1) {
    const entry = await entryAt(context, handle, at, signal);
    if (entry !== undefined && !isDot(entry.name)) listed.push(entry);
  }
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
  handle.window = startOf();
  handle.pages = [];
  dropDraft(handle);
  handle.unsaved.clear();
  handle.continuation = undefined;
  handle.lastListed = undefined;
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
