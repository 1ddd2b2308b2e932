import { monotonicMs } from '../clock.js';
import type { Context } from '../context.js';
import { keySegment } from '../names.js';
import type { DirectoryNode, Node, StoredObject } from '../nodes/node.js';
import { headOrNothing, posixFrom, storedFrom, storedFromIndex } from '../objects.js';
import type { Found } from '../probe.js';
import type { LoadedIndex } from './catalog.js';
import { agree, confirms, headOf, type IndexedObject, type ListedFacts } from './facts.js';
import { indexedObject, readIndex } from './load.js';

/** What makes a node: from the index, or from a HEAD. */
export interface Known {
  readonly posix: Node['posix'];
  readonly object: StoredObject;
  readonly askedMs: number;
  /** Of a symbolic link, where the index has it. */
  readonly target?: string;
}

/** Whether an answer of that time may still be told. */
export function isYoung(context: Context, askedMs: number): boolean {
  return monotonicMs() - askedMs < context.mount.attributeTtlMs;
}

/** Lets a listing vouch for what a node knows; `false` where it does not, or is older than that knowledge. */
export function confirm(node: Node, facts: ListedFacts | undefined, askedMs: number): boolean {
  if (facts === undefined || node.object === undefined || askedMs <= node.checkedAtMs) return false;
  if (!confirms(facts, node.object)) return false;
  node.checkedAtMs = askedMs;
  return true;
}

/** What is known of an object that a listing may have shown, without a request where the index has it. */
export async function knownFile(
  context: Context,
  directory: DirectoryNode,
  name: string,
  key: string,
  listed: { readonly facts?: ListedFacts; readonly askedMs: number },
  signal?: AbortSignal,
): Promise<Known | undefined> {
  const row = indexedObject(directory, keySegment(name), listed.facts);
  if (row !== undefined) return fromIndex(context, key, row, listed.askedMs);
  context.indexes.note(context, directory, 1);
  return await fromHead(context, key, signal);
}

/** What is known of a directory that is there; nothing where it has no object of its own. */
export async function knownDirectory(
  context: Context,
  folder: string,
  found: Extract<Found, { readonly isDirectory: true }>,
  askedMs: number,
  signal?: AbortSignal,
): Promise<{ readonly known?: Known; readonly index?: LoadedIndex }> {
  const { marker, isLarge } = found;
  if (marker === 'none') return {};
  // Whoever looks at a large directory will want its index too, and the directory itself is in it.
  const index = marker !== undefined && isLarge ? await readIndex(context, folder) : undefined;
  const row = index?.rows.get('');
  const known =
    row !== undefined && marker !== undefined && agree(row, marker)
      ? fromIndex(context, folder, row, askedMs)
      : await fromHead(context, folder, signal);
  return { ...(known === undefined ? {} : { known }), ...(index === undefined ? {} : { index }) };
}

function fromIndex(context: Context, key: string, row: IndexedObject, askedMs: number): Known {
  const posix = posixFrom(context, headOf(key, row), key.endsWith('/'));
  const known = { posix, object: storedFromIndex(row), askedMs };
  return row.target === undefined ? known : { ...known, target: row.target };
}

async function fromHead(
  context: Context,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Known | undefined> {
  const askedMs = monotonicMs();
  const head = await headOrNothing(context, key, signal);
  if (head === undefined) return undefined;
  return { posix: posixFrom(context, head, key.endsWith('/')), object: storedFrom(head), askedMs };
}
