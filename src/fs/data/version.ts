import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../errors/failure.js';
import type { Context } from '../context.js';
import { nodeKey } from '../keys.js';
import { copyWhole } from './server-copy.js';
import type { WholeSum } from './whole-sum.js';
import type { FileNode, Place, StoredObject } from '../nodes/node.js';
import { within } from '../nodes/subtree.js';
import type { HandleId } from '../operations.js';

/**
 * One content that S3 holds: what a file held when somebody began to refer to it. Stages read from it and copy ranges
 * of it. As long as it is what its file holds, it lies at the file's key; before it is replaced or removed while
 * somebody still needs it, it is parked: copied by S3 to a key of our own.
 */
export interface Version {
  /**
   * Names its blocks in the cache, by bucket, key and ETag: the same in the next mount. The key is the one where it was
   * first read; a file that is renamed or parked keeps its blocks. Absent until then.
   */
  id: string | undefined;
  /** Under the key that it had then. */
  readonly etag: string;
  readonly sizeBytes: number;
  readonly holder: FileNode;
  /** `contentVersion` of the holder while it holds this. */
  readonly contentVersion: number;
  parked: Address | undefined;
  /** Stages of other files that refer to it. */
  borrowers: number;
  /** Of what was read of it; absent where nothing was, or nothing is to be compared. */
  sum: WholeSum | undefined;
  /** Wrong bytes of it were handed on. */
  damage: Damage | undefined;
}

/** What is known of wrong bytes that were handed on, and who has to be told. */
export interface Damage {
  readonly failure: Failure;
  /** Settles when no cache of ours has them any more, and the kernel was told. Until then nobody reads. */
  readonly forgotten: Promise<void>;
  /** The handle that was opened last by then: it and those before it may have them. Absent: it is not yet. */
  newest: HandleId | undefined;
}

/** Whether a handle must not read a version, because it may have wrong bytes of it, or would get some. */
export function isRefused({ damage }: Version, handle: HandleId): boolean {
  return damage !== undefined && (damage.newest === undefined || handle <= damage.newest);
}

/** An object, pinned. */
export interface Address {
  readonly key: string;
  readonly etag: string;
}

/** What a failed condition or a lost key looks like. */
const GONE_KINDS = ['missing', 'precondition-failed', 'changed-under-us', 'bad-range'];

/** The version that a node's object is. */
export function versionOf(node: FileNode, object: StoredObject): Version {
  if (node.version?.contentVersion === node.contentVersion) return node.version;
  node.version = {
    id: undefined,
    etag: object.etag,
    sizeBytes: object.sizeBytes,
    holder: node,
    contentVersion: node.contentVersion,
    parked: undefined,
    borrowers: 0,
    sum: undefined,
    damage: undefined,
  };
  return node.version;
}

/** Whether a version is what its file holds. */
export function isCurrent({ holder, contentVersion }: Version): boolean {
  return holder.contentVersion === contentVersion && holder.object !== undefined;
}

/**
 * Where a version lies now.
 *
 * @throws Failure `stale` or `changed-under-us` where it is gone.
 */
export function addressOf(context: Context, version: Version): Address {
  if (version.parked !== undefined) return version.parked;
  const { holder } = version;
  if (!isCurrent(version) || holder.object === undefined) throw goneFailure(holder.name);
  return { key: nodeKey(context, holder), etag: holder.object.etag };
}

/**
 * Marks a node as one whose object we are about to replace or move: readers that miss it then wait for the outcome.
 * `work` must not read through the block cache.
 */
export async function replacing<T>(node: FileNode, work: () => Promise<T>): Promise<T> {
  return await marked(node, 'replacing', work);
}

/** Marks a node as one whose last name goes: an open that came too late for the copy of its bytes waits. */
export async function leaving<T>(node: FileNode, place: Place, work: () => Promise<T>): Promise<T> {
  node.lastPlace = place;
  return await marked(node, 'leaving', work);
}

async function marked<T>(node: FileNode, mark: 'replacing' | 'leaving', work: () => Promise<T>): Promise<T> {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  node[mark] = ended;
  try {
    return await work();
  } finally {
    if (node[mark] === ended) node[mark] = undefined;
    end();
  }
}

/** Copies a version to a key of our own, where it stays readable whatever becomes of its file. */
export async function park(context: Context, version: Version, signal?: AbortSignal): Promise<void> {
  if (version.parked !== undefined) return;
  const target = await parkedKey(context);
  const { sizeBytes } = version;
  const result = await atAddress(context, version, signal, (from) =>
    copyWhole(context, { ...from, sizeBytes }, target, signal === undefined ? {} : { signal }),
  );
  version.parked = { key: target, etag: result.etag };
}

/** A new key to park at, for which the next mount will look. */
export async function parkedKey(context: Context): Promise<string> {
  await writeFile(parkedMark(context), '');
  return `${context.parkedPrefix}${randomUUID()}`;
}

/** A local file that says that this mount has parked something. */
export function parkedMark({ stageFolder }: Context): string {
  return join(stageFolder, 'parked');
}

/** Removes the parked copy of a version that nobody needs any more. Never fails: at worst the next mount removes it. */
export async function unpark(context: Context, version: Version | undefined): Promise<void> {
  if (version?.parked === undefined || version.borrowers > 0) return;
  const { key } = version.parked;
  version.parked = undefined;
  await context.store.delete(key).catch((error: unknown) => {
    context.log.warn({ key, reason: Failure.from(error).message }, 'a parked copy could not be removed');
  });
}

/**
 * Runs a request that depends on where a version lies; when that moved meanwhile, runs it again.
 *
 * @throws Failure `changed-under-us` where another client replaced or removed it; what `request` throws.
 */
export async function atAddress<T>(
  context: Context,
  version: Version,
  signal: AbortSignal | undefined,
  request: (address: Address) => Promise<T>,
): Promise<T> {
  const address = addressOf(context, version);
  try {
    return await request(address);
  } catch (error) {
    const failure = Failure.from(error);
    if (!GONE_KINDS.includes(failure.kind)) throw error;
    await version.holder.replacing;
    await within([version.holder.parent], signal, () => Promise.resolve());
    const now = addressOf(context, version);
    if (now.key !== address.key || now.etag !== address.etag) {
      return await atAddress(context, version, signal, request);
    }
    throw goneFailure(address.key, failure);
  }
}

function goneFailure(subject: string, cause?: Failure): Failure {
  return new Failure('changed-under-us', `${subject} was replaced or removed while it was open`, {
    subject,
    remedy: 'Open the file again',
    ...(cause === undefined ? {} : { cause }),
  });
}
