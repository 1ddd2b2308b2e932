import pLimit from 'p-limit';
import { Failure } from '../../errors/failure.js';
import type { Context } from '../context.js';
import { copyWhole } from '../data/server-copy.js';
import { nodeKey } from '../keys.js';
import { keptFacts } from '../metadata/kept.js';
import { parseTime } from '../metadata/time-text.js';
import type { Node, StoredObject } from '../nodes/node.js';
import type { OperationOf } from '../intents/intent.js';
import { forgetName, members } from './group.js';
import { readRecord } from './record.js';

const CONCURRENCY = 8;

/**
 * Changes the object of one name of a file, then those of all its other names by copies in the server. The caller
 * holds the node's lock. Cut off anywhere, the next mount gives all names the old state or the new one.
 */
export async function updateAllNames(
  context: Context,
  node: Node,
  write: () => Promise<void>,
): Promise<void> {
  const { links } = node;
  if (links === undefined || links.names.size < 2) {
    await write();
    return;
  }
  const intent = await context.intents.open({ operation: 'update-links', id: links.id });
  try {
    await write();
    await copyToOthers(context, node);
  } catch (error) {
    context.intents.abandon(intent);
    throw error;
  }
  context.intents.close(intent);
}

/** Names that another tool has replaced or removed are files of their own from now on. */
async function copyToOthers(context: Context, node: Node): Promise<void> {
  const { links, object } = node;
  if (links === undefined || object === undefined) return;
  const source = nodeKey(context, node);
  const others = [...links.names.keys()].filter((name) => name !== source);
  const alive = await members(context, links.id, others);
  for (const name of others) if (!alive.has(name)) forgetName(context, node, name);
  const limit = pLimit(CONCURRENCY);
  const copyOne = async (name: string): Promise<void> => {
    const { etag } = await copyWhole(context, { key: source, ...object }, name);
    links.names.set(name, copied(object, etag));
  };
  links.names.set(source, object);
  await Promise.all([...alive.keys()].map((name) => limit(() => copyOne(name))));
}

/** What S3 holds at a copy of ours: when it was made, only S3 knows. */
export function copied(object: StoredObject, etag: string): StoredObject {
  return { etag, sizeBytes: object.sizeBytes, ...keptFacts(object) };
}

/** Ends an update that was cut off: the name that was changed last wins. */
export async function finishUpdate(context: Context, { id }: OperationOf<'update-links'>): Promise<void> {
  const names = (await readRecord(context, id))?.record.names ?? [];
  const alive = [...(await members(context, id, names))];
  const age = (metadata: Readonly<Record<string, string>>): bigint =>
    parseTime(metadata['ctime'] ?? '') ?? 0n;
  const [newest] = alive.toSorted(([, a], [, b]) => (age(a.metadata) < age(b.metadata) ? 1 : -1));
  if (newest === undefined) return;
  const [source, object] = newest;
  for (const [name, { metadata }] of alive) {
    if (metadata['ctime'] === object.metadata['ctime']) continue;
    await copyWhole(context, { key: source, ...object }, name);
  }
  const node = context.table.linked(id);
  if (node !== undefined) node.checkedAtMs = -Infinity;
}

/** @throws Failure `too-many-links` where the record would not be small any more. */
export function assertLinkable(node: Node): void {
  if ((node.links?.names.size ?? 1) < LINK_MAX) return;
  throw new Failure('too-many-links', `"${node.name}" has ${LINK_MAX} names already`);
}

/** As many as ext4 allows would make a record of 60 MiB; backups by rsync --link-dest have some hundreds. */
const LINK_MAX = 1000;
