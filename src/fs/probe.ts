import type { ListedObject, ListPage } from '../s3/store.js';
import type { Context } from './context.js';
import type { ListedFacts } from './index/facts.js';
import { directoryKey, mayOverflow, objectKey, overflowPrefix } from './keys.js';
import { headOrNothing } from './objects.js';
import type { DirectoryNode } from './nodes/node.js';
import { listPage } from './index/listing.js';
import { LEAST_OBJECTS } from './index/load.js';

/** Names that sort between `a` and `a/` (`a-b`, `a.txt`) and still let one request tell whether both are there. */
const PROBE_KEYS = 10;

/** What a name leads to, as far as a listing tells. */
export type Found =
  | { readonly isDirectory: false; readonly facts?: ListedFacts }
  | {
      readonly isDirectory: true;
      /** Its own object; absent where the listing did not show it. */
      readonly marker?: ListedFacts | 'none';
      /** So many objects that it may well have an index. */
      readonly isLarge: boolean;
    };

/** Asks for one name by one or two small listings. A directory hides an object of its name. */
export async function probeByList(
  context: Context,
  above: DirectoryNode,
  name: string,
  signal?: AbortSignal,
): Promise<Found | undefined> {
  const key = objectKey(context, above, name);
  const folder = directoryKey(context, above, name);
  if (folder !== `${key}/`) return await probeApart(context, key, folder, signal);
  const page = await list(context, key, signal);
  const directory = directoryIn(page, folder);
  if (directory !== undefined) return directory;
  const [first] = page.objects;
  const file = first?.key === key ? ({ isDirectory: false, facts: first } as const) : undefined;
  if (page.continuationToken === undefined || isPast(page.objects, folder)) return file;
  return directoryIn(await list(context, folder, signal), folder) ?? file;
}

/** For a name whose object still has a key of its own while a directory would have none. */
async function probeApart(
  context: Context,
  key: string,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<Found | undefined> {
  if (await hasKeys(context, folder, signal)) return { isDirectory: true, isLarge: false };
  return (await headOrNothing(context, key, signal)) === undefined ? undefined : { isDirectory: false };
}

/** Whether a prefix has children whose keys would be too long. */
export async function hasOverflow(context: Context, prefix: string, signal?: AbortSignal): Promise<boolean> {
  return mayOverflow(prefix) && (await hasKeys(context, overflowPrefix(context, prefix), signal));
}

/** Whether any key has this prefix. */
export async function hasKeys(context: Context, prefix: string, signal?: AbortSignal): Promise<boolean> {
  const page = await context.store.list({ prefix, maxKeys: 1, ...(signal === undefined ? {} : { signal }) });
  return page.objects.length > 0;
}

/** Without a delimiter, so that a directory's own object shows with its facts. */
async function list(context: Context, prefix: string, signal: AbortSignal | undefined): Promise<ListPage> {
  const abort = signal === undefined ? {} : { signal };
  return await listPage(context, { prefix, maxKeys: PROBE_KEYS, ...abort });
}

function directoryIn(page: ListPage, folder: string): Found | undefined {
  const inside = page.objects.filter(({ key }) => key.startsWith(folder));
  const [first] = inside;
  if (first === undefined) return undefined;
  const isLarge = inside.length >= LEAST_OBJECTS || page.continuationToken !== undefined;
  return { isDirectory: true, marker: first.key === folder ? first : 'none', isLarge };
}

/** Whether a page, which is in order of bytes, has gone beyond a key. */
function isPast(objects: readonly ListedObject[], key: string): boolean {
  const last = objects.at(-1)?.key ?? '';
  return Buffer.compare(Buffer.from(last), Buffer.from(key)) > 0;
}
