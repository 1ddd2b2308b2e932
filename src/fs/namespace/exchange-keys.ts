import type { ObjectDescription } from '../../s3/store.js';
import type { Context } from '../context.js';
import type { ExchangeEnd, OperationOf } from '../intents/intent.js';
import type { OpenIntent } from '../intents/log.js';
import { copyWhole } from '../data/server-copy.js';
import { settleGroup } from '../links/group.js';
import type { StoredObject } from '../nodes/node.js';
import { copyKeys, deleteKeys, type MovedKeys } from './move-keys.js';
import { keyInTree, listTree } from './tree.js';

type Exchange = OperationOf<'exchange'>;

/** What is known of an end that is a file, and what its copy is to say of itself. */
export interface SavedEnd {
  readonly object?: StoredObject;
  readonly replace?: ObjectDescription;
}

/** Where an end's tree lies in S3 while it has the type that `like` says. */
function keyAt(end: ExchangeEnd, like: ExchangeEnd): string {
  return like.isDirectory ? end.folder : end.file;
}

function savedKey({ temporary }: Exchange, name: 'one' | 'other', end: ExchangeEnd): string {
  return `${temporary}${name}${end.isDirectory ? '/' : ''}`;
}

/** Copies both ends to the temporary place. */
export async function saveEnds(
  context: Context,
  operation: Exchange,
  ends: { readonly one: SavedEnd; readonly other: SavedEnd },
): Promise<void> {
  const { one, other } = operation;
  await copyEntry(context, keyAt(one, one), savedKey(operation, 'one', one), ends.one);
  await copyEntry(context, keyAt(other, other), savedKey(operation, 'other', other), ends.other);
}

/**
 * Puts what was saved into each other's place. Safe to repeat as long as the temporary place is whole.
 *
 * @returns ETags by new key.
 */
export async function applyExchange(context: Context, operation: Exchange): Promise<MovedKeys> {
  const { one, other, links } = operation;
  const savedOne = savedKey(operation, 'one', one);
  const savedOther = savedKey(operation, 'other', other);
  const atOne = await copyEntry(context, savedOther, keyAt(one, other));
  const atOther = await copyEntry(context, savedOne, keyAt(other, one));
  const written = new Map([...atOne, ...atOther]);
  const before = [
    ...(await keysOf(context, savedOne, keyAt(one, one))),
    ...(await keysOf(context, savedOther, keyAt(other, other))),
  ];
  await deleteKeys(
    context,
    before.filter((key) => !written.has(key)),
  );
  for (const id of links) await settleGroup(context, id, () => [...written.keys()]);
  return written;
}

/** Removes the temporary place, and with it the record. */
export async function dropSaved(context: Context, operation: Exchange, intent?: OpenIntent): Promise<void> {
  const keys = (await listTree(context, operation.temporary)).map(({ key }) => key);
  await deleteKeys(context, [...keys, ...(intent === undefined ? [] : [intent.key])]);
}

/** Ends an exchange that was cut off: takes it back before both ends were saved, else finishes it. */
export async function finishExchange(context: Context, operation: Exchange): Promise<void> {
  if (operation.state === 'saved') await applyExchange(context, operation);
  await dropSaved(context, operation);
}

async function copyEntry(
  context: Context,
  from: string,
  to: string,
  { object, replace }: SavedEnd = {},
): Promise<MovedKeys> {
  if (from.endsWith('/')) return await copyKeys(context, await listTree(context, from), to);
  const source = object ?? (await context.store.head(from));
  const how = replace === undefined ? {} : { replace };
  const { etag } = await copyWhole(context, { ...source, key: from }, to, how);
  return new Map([[to, etag]]);
}

/** The keys that a saved end has in its place. */
async function keysOf(context: Context, saved: string, place: string): Promise<readonly string[]> {
  if (!saved.endsWith('/')) return [place];
  return (await listTree(context, saved)).map(({ segments }) => keyInTree(context, place, segments));
}
