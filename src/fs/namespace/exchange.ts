import { randomUUID } from 'node:crypto';
import { Failure } from '../../errors/failure.js';
import { assertAttached, nodeLock, type Context } from '../context.js';
import { flushLocked } from '../data/upload.js';
import { touch } from '../entries.js';
import type { ExchangeEnd, OperationOf } from '../intents/intent.js';
import { directoryKey, nodeKey } from '../keys.js';
import { keyOf, placeLock, standAt } from '../links/group.js';
import { RESERVED_NAME } from '../names.js';
import type { Node, Place } from '../nodes/node.js';
import { frozen, isInside, within } from '../nodes/subtree.js';
import { describe } from '../objects.js';
import type { Request } from '../operations.js';
import { writeMarker } from '../persist.js';
import { lookupChild, noEntry } from '../resolve.js';
import { saveBelow } from '../write-back/settle.js';
import { applyExchange, dropSaved, saveEnds, type SavedEnd } from './exchange-keys.js';
import { linkedBelow } from './linked-below.js';
import { listMovable, type MovedKeys } from './move-keys.js';
import { checkSticky } from './remove.js';
import { MOVE_LOCK, noteMoved } from './rename-directory.js';

/** One of the two, with its name. */
interface End {
  readonly node: Node;
  readonly place: Place;
}

/**
 * renameat2(2) with RENAME_EXCHANGE: both are copied aside, then into each other's place.
 *
 * @throws Failure `no-entry` where one is missing; `invalid-argument` where one is inside the other.
 */
export async function exchange(context: Context, from: Place, to: Place, request: Request): Promise<void> {
  const { signal } = request;
  const enter = (): Promise<void> =>
    within([from.directory, to.directory], signal, () => meet(context, from, to, request));
  await context.locks.run([MOVE_LOCK], enter, signal);
}

async function meet(context: Context, from: Place, to: Place, request: Request): Promise<void> {
  for (const { directory } of [from, to]) assertAttached(directory);
  const one = { node: await lookupChild(context, from.directory, from.name, request.signal), place: from };
  const other = { node: await lookupChild(context, to.directory, to.name, request.signal), place: to };
  if (one.node === other.node) return;
  for (const [end, place] of [
    [one, to],
    [other, from],
  ] as const) {
    checkSticky(end.place.directory, end.node, request);
    if (end.node.kind === 'directory' && isInside(place.directory, end.node)) {
      throw new Failure('invalid-argument', `"${end.place.name}" can not change places with what it holds`);
    }
  }
  const nodes = [one.node, other.node];
  const directories = nodes.filter((node) => node.kind === 'directory');
  const files = nodes.filter((node) => node.kind !== 'directory').map(nodeLock);
  await frozen(directories, () =>
    context.locks.run([from, to].map(placeLock), () =>
      context.locks.run(files, () => swap(context, one, other)),
    ),
  );
}

async function swap(context: Context, one: End, other: End): Promise<void> {
  for (const { node, place } of [one, other]) {
    const there = place.directory.children.get(place.name) === node;
    if (!there) noEntry(context, place.directory, place.name);
  }
  const options = { one: await prepare(context, one), other: await prepare(context, other) };
  const operation = await describeExchange(context, one, other);
  const moved = await carryOut(context, operation, options);
  context.table.swap(one.node, one.place, other.node, other.place);
  for (const { node, place } of [one, other]) {
    noteMoved(context, node, moved);
    touch(context, place.directory);
  }
  countSubdirectories(one, other);
}

/** Makes S3 hold the node as it is, and tells how its object is to be copied. */
async function prepare(context: Context, { node, place }: End): Promise<SavedEnd> {
  const ctimeNs = context.nowNs();
  if (node.kind === 'directory') {
    await saveBelow(context, node, (file) => flushLocked(context, file));
    await writeMarker(context, node, { ...node.posix, ctimeNs });
    await listMovable(context, nodeKey(context, node), nodeKey(context, node));
    return {};
  }
  if (node.kind === 'file') await flushLocked(context, node);
  if (node.links !== undefined) await standAt(context, node, place);
  const { object } = node;
  if (object === undefined) return noEntry(context, place.directory, place.name);
  node.posix = { ...node.posix, ctimeNs };
  const replace = describe(context, node.posix, object, false);
  node.object = { ...object, metadata: replace.metadata ?? {} };
  return { object, replace };
}

async function describeExchange(context: Context, one: End, other: End): Promise<OperationOf<'exchange'>> {
  const keys = await Promise.all([one, other].map(({ node }) => keysBelow(context, node)));
  return {
    operation: 'exchange',
    one: endOf(context, one),
    other: endOf(context, other),
    temporary: `${context.prefix}${RESERVED_NAME}/exchange/${randomUUID()}/`,
    state: 'saving',
    links: [...(await linkedBelow(context, keys.flat()))],
  };
}

async function keysBelow(context: Context, node: Node): Promise<readonly string[]> {
  const key = nodeKey(context, node);
  if (node.kind !== 'directory') return [key];
  return (await listMovable(context, key, key)).map((object) => object.key);
}

function endOf(context: Context, { node, place }: End): ExchangeEnd {
  return {
    file: keyOf(context, place),
    folder: directoryKey(context, place.directory, place.name),
    isDirectory: node.kind === 'directory',
  };
}

async function carryOut(
  context: Context,
  operation: OperationOf<'exchange'>,
  options: { readonly one: SavedEnd; readonly other: SavedEnd },
): Promise<MovedKeys> {
  const intent = await context.intents.open(operation);
  try {
    await saveEnds(context, operation, options);
    await context.intents.advance(intent, { ...operation, state: 'saved' });
    const moved = await applyExchange(context, operation);
    // Deleting what was saved would make a second application wrong.
    await context.intents.advance(intent, { ...operation, state: 'applied' });
    await dropSaved(context, operation, intent);
    context.intents.closed(intent);
    return moved;
  } catch (error) {
    context.intents.abandon(intent);
    throw error;
  }
}

function countSubdirectories(one: End, other: End): void {
  const difference = Number(other.node.kind === 'directory') - Number(one.node.kind === 'directory');
  const { directory } = one.place;
  if (directory.subdirectories !== undefined) directory.subdirectories += difference;
  if (other.place.directory.subdirectories !== undefined) other.place.directory.subdirectories -= difference;
}
