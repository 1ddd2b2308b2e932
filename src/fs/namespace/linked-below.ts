import pLimit from 'p-limit';
import type { Context } from '../context.js';
import { linkIdOf, linksPrefix, readRecord } from '../links/record.js';
import { headOrNothing } from '../objects.js';
import { listAll } from './tree.js';

const CONCURRENCY = 16;

/**
 * The link groups that have names among these keys. A bucket without hard links costs one request; else the fewer of
 * all records or all keys are looked at.
 */
export async function linkedBelow(context: Context, keys: readonly string[]): Promise<readonly string[]> {
  const prefix = linksPrefix(context);
  const ids = (await listAll(context, prefix)).map(({ key }) => key.slice(prefix.length));
  if (ids.length === 0) return [];
  const limit = pLimit(CONCURRENCY);
  const moved = new Set(keys);
  const idOfKey = async (key: string): Promise<string | undefined> => {
    const head = await headOrNothing(context, key);
    return head === undefined ? undefined : linkIdOf(head.metadata);
  };
  const idIfTouched = async (id: string): Promise<string | undefined> => {
    const found = await readRecord(context, id);
    return found?.record.names.some((name) => moved.has(name)) === true ? id : undefined;
  };
  const found =
    ids.length <= keys.length
      ? await Promise.all(ids.map((id) => limit(() => idIfTouched(id))))
      : await Promise.all(keys.map((key) => limit(() => idOfKey(key))));
  return [...new Set(found.filter((id) => id !== undefined))];
}
