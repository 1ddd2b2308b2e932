import pLimit from 'p-limit';
import { Failure } from '../../errors/failure.js';
import { nameLock, type Context } from '../context.js';
import { nodeKey, objectKey } from '../keys.js';
import { parseTime } from '../metadata/time-text.js';
import { inodeNumber } from '../nodes/table.js';
import type { Node, Place, StoredObject } from '../nodes/node.js';
import { headOrNothing, storedFrom } from '../objects.js';
import type { InodeId } from '../operations.js';
import { changeRecord, linkIdOf, readRecord, recordKey, type LinkRecord } from './record.js';

/** Of a larger group the record is believed: asking after each name would make a lookup too dear. */
const MOST_VERIFIED = 16;
const CONCURRENCY = 8;

/** What a lookup has found. */
export interface Found {
  readonly place: Place;
  readonly key: string;
  readonly posix: Node['posix'];
  readonly object: StoredObject;
  readonly checkedAtMs: number;
}

/**
 * The node of an object that says that it is one of several names of a file. `undefined` where it is not: the record
 * is gone, or does not name it (another tool has copied the object with its metadata).
 */
export async function joinGroup(
  context: Context,
  found: Found,
  signal?: AbortSignal,
): Promise<Node | undefined> {
  const id = linkIdOf(found.object.metadata);
  if (id === undefined) return undefined;
  return await context.locks.run([groupLock(id)], () => join(context, id, found, signal), signal);
}

/** Sorts after locks of names and inodes and is taken after them. */
function groupLock(id: string): string {
  return `link ${id}`;
}

async function join(
  context: Context,
  id: string,
  found: Found,
  signal?: AbortSignal,
): Promise<Node | undefined> {
  const { key, object: stored } = found;
  const known = context.table.linked(id);
  if (known?.links?.names.has(key) !== true) {
    const group = await load(context, id, key, stored, signal);
    if (group === undefined) return undefined;
    const now = context.table.linked(id);
    if (now?.links === undefined) return add(context, id, found, group);
    now.links.names = group.names;
  }
  const node = context.table.linked(id);
  if (node?.links === undefined) return undefined;
  context.table.addPlace(node, found.place);
  if (!sameVersion(node.object, stored)) return node;
  node.links.names.set(key, stored);
  if (nodeKey(context, node) === key) node.object = stored;
  return node;
}

function add(context: Context, id: string, found: Found, group: Loaded): Node {
  const { place, key, posix, object, checkedAtMs } = found;
  const ctimeNs = group.ctimeNs > posix.ctimeNs ? group.ctimeNs : posix.ctimeNs;
  const node = context.table.add({
    parent: place.directory,
    name: place.name,
    key,
    ino: group.ino,
    posix: { ...posix, ctimeNs },
    object,
    checkedAtMs,
  });
  context.table.setLinks(node, { id, names: group.names, lost: new Set(), places: [] });
  return node;
}

interface Loaded {
  readonly ino: InodeId;
  readonly ctimeNs: bigint;
  readonly names: Map<string, StoredObject | undefined>;
}

async function load(
  context: Context,
  id: string,
  key: string,
  stored: StoredObject,
  signal?: AbortSignal,
): Promise<Loaded | undefined> {
  const found = await readRecord(context, id, signal);
  if (found?.record.names.includes(key) !== true) return undefined;
  const { record } = found;
  const others = record.names.filter((name) => name !== key);
  const names = new Map<string, StoredObject | undefined>([[key, stored]]);
  const alive =
    others.length < MOST_VERIFIED
      ? await members(context, id, others, signal)
      : new Map(others.map((name) => [name, undefined]));
  for (const [name, object] of alive) names.set(name, object);
  return { ino: BigInt(record.ino) as InodeId, ctimeNs: parseTime(record.ctime) ?? 0n, names }; // branded here
}

/** Those of the keys whose objects belong to the group, with what S3 holds there. */
export async function members(
  context: Context,
  id: string,
  keys: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, StoredObject>> {
  const limit = pLimit(CONCURRENCY);
  const heads = await Promise.all(keys.map((key) => limit(() => headOrNothing(context, key, signal))));
  const found = new Map<string, StoredObject>();
  for (const head of heads) {
    if (head !== undefined && linkIdOf(head.metadata) === id) found.set(head.key, storedFrom(head));
  }
  return found;
}

/** Whether two objects hold the same bytes, which ETags can not tell between copies of multipart objects. */
export function sameVersion(left: StoredObject | undefined, right: StoredObject): boolean {
  if (left === undefined) return false;
  if (left.etag === right.etag && left.sizeBytes === right.sizeBytes) return true;
  const id = linkIdOf(left.metadata);
  if (id === undefined || id !== linkIdOf(right.metadata) || left.sizeBytes !== right.sizeBytes) return false;
  return left.metadata['mtime'] === right.metadata['mtime'];
}

/** The key of a name that is no directory. */
export function keyOf(context: Context, place: Place): string {
  return objectKey(context, place.directory, place.name);
}

/** The lock of a {@link Place}. */
export function placeLock(place: Place): string {
  return nameLock(place.directory, place.name);
}

/** Makes a node stand for one of its names; `object` is what S3 holds there. */
export function standFor(context: Context, node: Node, key: string, object: StoredObject): void {
  const { links } = node;
  if (links === undefined) return;
  const place = links.places.find((candidate) => keyOf(context, candidate) === key);
  node.parent = place?.directory;
  if (place !== undefined) node.name = place.name;
  links.names.delete(key);
  links.names = new Map([[key, object], ...links.names]);
  node.object = object;
}

/** Makes a node stand for one of its names, with what S3 holds there. */
export async function standAt(
  context: Context,
  node: Node,
  place: Place,
  signal?: AbortSignal,
): Promise<void> {
  const key = keyOf(context, place);
  if (nodeKey(context, node) === key) return;
  const object =
    node.links?.names.get(key) ?? (await members(context, node.links?.id ?? '', [key], signal)).get(key);
  if (object === undefined)
    throw new Failure('stale', `${key} was replaced by another client`, { subject: key });
  standFor(context, node, key, object);
}

/** A name of a node is gone, or is now a file of its own. */
export function forgetName(context: Context, node: Node, key: string): void {
  const { links } = node;
  if (links === undefined) return;
  links.names.delete(key);
  links.lost.add(key);
  const place = links.places.find((candidate) => keyOf(context, candidate) === key);
  if (place !== undefined) context.table.dropPlace(node, place);
}

/**
 * Makes a node stand for another name than `key`, which is about to go.
 *
 * @returns `false` where it has no other.
 */
export async function standElsewhere(context: Context, node: Node, key: string): Promise<boolean> {
  const { links } = node;
  if (links === undefined) return false;
  for (const name of [...links.names.keys()].filter((candidate) => candidate !== key)) {
    const object = (await members(context, links.id, [name])).get(name);
    if (object === undefined) forgetName(context, node, name);
    else {
      if (nodeKey(context, node) === key) standFor(context, node, name, object);
      return true;
    }
  }
  return false;
}

/**
 * Writes into the record what S3 really holds: of the recorded names and of `more`, those that belong to the group.
 * Safe to repeat, so that it ends every operation that was cut off. With fewer than two names the record goes.
 */
export async function settleGroup(
  context: Context,
  id: string,
  more: (recorded: readonly string[]) => readonly string[],
): Promise<void> {
  const before = (await readRecord(context, id))?.record.names ?? [];
  const alive = await members(context, id, [...new Set([...before, ...more(before)])]);
  const names = [...alive.keys()];
  if (names.length < 2) await context.store.delete(recordKey(context, id));
  else await changeRecord(context, id, (record) => settled(context, record, names));
  const node = context.table.linked(id);
  if (node?.links !== undefined) node.links.names = alive;
}

function settled(
  context: Context,
  record: LinkRecord | undefined,
  names: readonly string[],
): LinkRecord | undefined {
  if (record?.names.join('\n') === names.join('\n')) return undefined;
  const ino = record?.ino ?? `${inodeNumber(names[0] ?? '')}`;
  return {
    version: 1,
    ino,
    ctime: record?.ctime ?? `${context.nowNs() / 1_000_000_000n}`,
    names: [...names],
  };
}
