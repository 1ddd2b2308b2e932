import { Failure } from '../../errors/failure.js';
import type { ListedObject } from '../../s3/store.js';
import { monotonicMs } from '../clock.js';
import type { Context } from '../context.js';
import { childrenPrefix, mayOverflow } from '../keys.js';
import type { DirectoryNode } from '../nodes/node.js';
import { within } from '../nodes/subtree.js';
import { buildRows } from './build.js';
import type { LoadedIndex } from './catalog.js';
import { agree, type IndexedObject } from './facts.js';
import { encodeIndex } from './format.js';
import { listPage } from './listing.js';
import { indexKey, LEAST_OBJECTS, readIndex } from './load.js';

/** Pages of 1,000: a larger directory gets no index. */
const MAX_PAGES = 40;
const NO_INDEX: LoadedIndex = { rows: new Map(), atMs: -Infinity };

interface DirectListing {
  readonly objects: readonly ListedObject[];
  readonly askedMs: number;
}

/**
 * Writes the index of a directory, by a listing and a conditional PUT; two rounds of it where another mount wrote one
 * meanwhile, which is then merged. Writes nothing where there is nothing new to say. Objects that we wrote less than
 * `tickMs` ago, by which a later change could not be told from them, stay as debt for the next time.
 *
 * @throws Failure of the store; the old index stays, and is as right as before.
 */
export async function writeIndex(
  context: Context,
  directory: DirectoryNode,
  tickMs: number,
  signal?: AbortSignal,
): Promise<void> {
  await within([directory], signal, async () => {
    if (directory.detached) return;
    const prefix = childrenPrefix(context, directory);
    const key = mayOverflow(prefix) ? undefined : indexKey(context.prefix, prefix);
    const listing = key === undefined ? undefined : await listObjects(context, prefix, signal);
    if (key === undefined || listing === undefined) return;
    const quietSinceMs = listing.askedMs - tickMs;
    await putIndex(context, directory, key, prefix, { ...listing, quietSinceMs }, signal);
  });
}

async function putIndex(
  context: Context,
  directory: DirectoryNode,
  key: string,
  prefix: string,
  { objects, quietSinceMs }: DirectListing & { readonly quietSinceMs: number },
  signal: AbortSignal | undefined,
): Promise<void> {
  const { catalog } = directory;
  let before: LoadedIndex | undefined = catalog.index ?? NO_INDEX;
  for (let tries = 2; tries > 0 && before !== undefined; tries -= 1) {
    const { rows, racy } = buildRows(directory, prefix, objects, quietSinceMs, before.rows);
    catalog.debt += racy;
    context.indexes.note(context, directory, 0);
    if (rows.size < LEAST_OBJECTS || saysNothingNew(rows, before)) return;
    const etag = await replace(context, key, await encodeIndex(prefix.slice(context.prefix.length), rows), {
      ...(before.etag === undefined ? { ifAbsent: true } : { ifMatch: before.etag }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (etag !== undefined) {
      catalog.index = { etag, rows, atMs: monotonicMs() };
      context.shelf.put(directory);
      return;
    }
    before = await readIndex(context, prefix);
  }
  context.log.debug({ key }, 'another mount writes this attribute index');
}

/** `undefined` where the object is not what the condition says. */
async function replace(
  context: Context,
  key: string,
  bytes: Uint8Array,
  options: { readonly ifAbsent?: boolean; readonly ifMatch?: string; readonly signal?: AbortSignal },
): Promise<string | undefined> {
  try {
    const headers = { contentType: 'application/gzip' };
    return (await context.store.put(key, bytes, { headers, ...options })).etag;
  } catch (error) {
    if (error instanceof Failure && ['precondition-failed', 'missing'].includes(error.kind)) return undefined;
    throw error;
  }
}

function saysNothingNew(rows: ReadonlyMap<string, IndexedObject>, before: LoadedIndex): boolean {
  if (before.etag === undefined || rows.size !== before.rows.size) return false;
  for (const [name, row] of rows) {
    const old = before.rows.get(name);
    if (old === undefined || !agree(old, row) || old.target !== row.target) return false;
  }
  return true;
}

/** Every object directly in a directory, its marker included; `undefined` where there are too many. */
async function listObjects(
  context: Context,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<DirectListing | undefined> {
  const askedMs = monotonicMs();
  const objects: ListedObject[] = [];
  let token: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const page = await listPage(context, {
      prefix,
      delimiter: '/',
      ...(token === undefined ? {} : { continuationToken: token }),
      ...(signal === undefined ? {} : { signal }),
    });
    objects.push(...page.objects);
    token = page.continuationToken;
    if (token === undefined) return { objects, askedMs };
  }
  return undefined;
}
