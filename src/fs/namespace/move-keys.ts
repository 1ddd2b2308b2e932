import pLimit from 'p-limit';
import { Failure } from '../../errors/failure.js';
import type { Context } from '../context.js';
import { copyWhole } from '../data/server-copy.js';
import { checkKey } from '../names.js';
import type { OperationOf } from '../intents/intent.js';
import { settleGroup } from '../links/group.js';
import { keyInTree, listTree, type TreeObject } from './tree.js';

/** Copies are short requests that wait mostly for the service: 16 hide a round trip without a burst of 503. */
const COPY_CONCURRENCY = 16;
const DELETE_BATCH = 1000;

/** ETags by new key. */
export type MovedKeys = ReadonlyMap<string, string>;

/**
 * Moves all keys below a prefix: copies in the server, then deletes. Safe to repeat after it was cut off: what was
 * copied is copied again, what was deleted is no longer listed.
 */
export async function moveTree(
  context: Context,
  { from, to, links }: OperationOf<'rename-directory'>,
): Promise<void> {
  const objects = await listTree(context, from);
  await copyKeys(context, objects, to);
  await deleteKeys(
    context,
    objects.map(({ key }) => key),
  );
  if (links.length === 0) return;
  const names = (await listTree(context, to)).map(({ key }) => key);
  for (const id of links) await settleGroup(context, id, () => names);
}

/** @throws Failure `name-too-long` where a key below the prefix can not move. */
export async function listMovable(
  context: Context,
  from: string,
  to: string,
): Promise<readonly TreeObject[]> {
  const objects = await listTree(context, from);
  for (const { segments } of objects) {
    checkKey(keyInTree(context, to, segments));
  }
  return objects;
}

export async function copyKeys(
  context: Context,
  objects: readonly TreeObject[],
  to: string,
): Promise<MovedKeys> {
  const limit = pLimit(COPY_CONCURRENCY);
  const controller = new AbortController();
  const { signal } = controller;
  const copyOne = async ({ segments, ...source }: TreeObject): Promise<readonly [string, string]> => {
    signal.throwIfAborted();
    const target = keyInTree(context, to, segments);
    const result = await copyWhole(context, source, target, { signal });
    return [target, result.etag];
  };
  const copies = objects.map((object) => limit(() => copyOne(object)));
  try {
    return new Map(await Promise.all(copies));
  } catch (error) {
    controller.abort();
    await Promise.allSettled(copies);
    throw error;
  }
}

/** @throws Failure of the first key that could not be deleted. */
export async function deleteKeys(context: Context, keys: readonly string[]): Promise<void> {
  for (let at = 0; at < keys.length; at += DELETE_BATCH) {
    const [problem] = await context.store.deleteMany(keys.slice(at, at + DELETE_BATCH));
    if (problem === undefined) continue;
    throw new Failure('server-error', `${problem.key} could not be deleted: ${problem.message}`, {
      subject: problem.key,
      code: problem.code,
    });
  }
}
