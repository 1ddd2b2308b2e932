import { buffer } from 'node:stream/consumers';
import { Failure } from '../../errors/failure.js';
import { monotonicMs } from '../clock.js';
import type { Context } from '../context.js';
import { childrenPrefix } from '../keys.js';
import { orAbort } from '../locks.js';
import { KEY_MAX_BYTES, RESERVED_NAME } from '../names.js';
import type { DirectoryNode } from '../nodes/node.js';
import type { LoadedIndex } from './catalog.js';
import { agree, type IndexedObject, type ListedFacts } from './facts.js';
import { decodeIndex } from './format.js';

/** With fewer objects an index saves less than it costs. */
export const LEAST_OBJECTS = 8;
/** A larger object is none of ours. */
const INDEX_MAX_BYTES = 32 * 1024 * 1024;
/** Another mount may have written a better one since. */
const RELOAD_AFTER_MS = 5000;
const INDEX_NAME = 'attributes.json.gz';

/** Where the index of the directory with these children's prefix lies; `undefined` where the key would be too long. */
export function indexKey(prefix: string, childrenOf: string): string | undefined {
  const key = `${prefix}${RESERVED_NAME}/index/${childrenOf.slice(prefix.length)}${INDEX_NAME}`;
  return Buffer.byteLength(key) <= KEY_MAX_BYTES ? key : undefined;
}

/** Gets the index where so many objects are not known otherwise that it pays; at most one request. Never fails. */
export async function needIndex(
  context: Context,
  directory: DirectoryNode,
  unknownObjects: number,
  signal?: AbortSignal,
): Promise<void> {
  const { catalog } = directory;
  if (unknownObjects < LEAST_OBJECTS) return;
  if (catalog.index !== undefined && monotonicMs() - catalog.index.atMs < RELOAD_AFTER_MS) return;
  catalog.loading ??= load(context, directory).finally(() => {
    catalog.loading = undefined;
  });
  await orAbort(catalog.loading, signal);
}

/** What the index says of an object that a listing has just shown. */
export function indexedObject(
  directory: DirectoryNode,
  segment: string,
  facts: ListedFacts | undefined,
): IndexedObject | undefined {
  const row = directory.catalog.index?.rows.get(segment);
  return row !== undefined && facts !== undefined && agree(row, facts) ? row : undefined;
}

async function load(context: Context, directory: DirectoryNode): Promise<void> {
  if (directory.detached) return;
  const index = await readIndex(context, childrenPrefix(context, directory));
  if (index !== undefined) {
    directory.catalog.index = index;
    context.shelf.put(directory);
  }
}

/** The index that lies in S3, empty where there is none; `undefined` where that could not be found out. */
export async function readIndex(context: Context, childrenOf: string): Promise<LoadedIndex | undefined> {
  const key = indexKey(context.prefix, childrenOf);
  const atMs = monotonicMs();
  if (key === undefined) return { rows: new Map(), atMs };
  try {
    const { head, body } = await context.store.get(key);
    const { etag, sizeBytes } = head;
    if (sizeBytes > INDEX_MAX_BYTES) {
      body.destroy();
      return { etag, rows: new Map(), atMs };
    }
    const rows = await decodeIndex(childrenOf.slice(context.prefix.length), await buffer(body));
    if (rows === undefined) context.log.warn({ key }, 'this is no attribute index; it will be replaced');
    return { etag, rows: rows ?? new Map<string, IndexedObject>(), atMs };
  } catch (error) {
    const failure = Failure.from(error);
    if (failure.kind === 'missing') return { rows: new Map(), atMs };
    context.log.debug({ key, reason: failure.message }, 'the attribute index could not be read');
    return undefined;
  }
}
