import { randomBytes } from 'node:crypto';
import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { deadline } from '../../errors/deadline.js';
import { Failure } from '../../errors/failure.js';
import { createStore } from '../../s3/client.js';
import type { ObjectStore } from '../../s3/store.js';
import { abortConnection, mountAt, type Mount } from '../mounts.js';
import type { RunningTarget, TargetStore } from './target.js';

/** Magic number of FUSE in statfs(2), include/uapi/linux/magic.h. */
const FUSE_SUPER_MAGIC = 0x65735546;

const PROOF_LIMIT_MS = 30_000;

/**
 * Proves before the first case that the directory under test is the target and not what lies beneath it: the mount
 * table says so, statfs(2) says so, and what is written through the mount is in the bucket.
 *
 * @throws Failure `not-connected` with the proof that failed. A mount that does not answer within 30 s is aborted.
 */
export async function proveTarget(
  target: RunningTarget,
  store: TargetStore,
  { ownFormat, signal }: { readonly ownFormat: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { directory } = target;
  const mount = target.mountPoint === undefined ? undefined : await mountAt(target.mountPoint);
  if (mount === undefined) throw refuse(directory, 'the mount table has no mount there');
  const limit = deadline(PROOF_LIMIT_MS, signal);
  await within(limit, mount, proveFileSystem(directory));
  const objects = createStore(store.connection, store.bucket);
  try {
    await within(limit, mount, proveCanary(target, { prefix: store.prefix, ownFormat }, objects, limit));
  } finally {
    objects.close();
  }
}

async function proveFileSystem(directory: string): Promise<void> {
  const { type } = await statfs(directory);
  if (type !== FUSE_SUPER_MAGIC) throw refuse(directory, `statfs says file system 0x${type.toString(16)}`);
}

async function proveCanary(
  target: RunningTarget,
  { prefix, ownFormat }: { readonly prefix: string; readonly ownFormat: boolean },
  objects: ObjectStore,
  signal: AbortSignal,
): Promise<void> {
  const { directory } = target;
  const content = randomBytes(32);
  const before = ownFormat ? await countObjects(objects, prefix, signal) : 0;
  const name = `objectfs-canary-${content.subarray(0, 6).toString('hex')}`;
  const path = join(directory, name);
  const file = await open(path, 'wx');
  try {
    await file.write(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await target.settle?.(signal);
  const isThere = ownFormat
    ? (await countObjects(objects, prefix, signal)) > before
    : (await readObject(objects, `${prefix}${name}`, signal))?.equals(content) === true;
  await rm(path);
  if (!isThere) {
    throw refuse(directory, `what was written through it is not in the bucket ${objects.bucket}`);
  }
}

/** A format of its own: that something was added is all that can be seen. */
async function countObjects(objects: ObjectStore, prefix: string, signal: AbortSignal): Promise<number> {
  const { objects: found } = await objects.list({ prefix, signal });
  return found.length;
}

async function readObject(
  objects: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  try {
    const { body } = await objects.get(key, { signal });
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk as Buffer); // bodies are byte streams
    return Buffer.concat(chunks);
  } catch (reason) {
    if (Failure.from(reason).kind === 'missing') return undefined;
    throw reason;
  }
}

/** A call on a hung mount ends only when its connection ends. */
async function within(limit: AbortSignal, mount: Mount, work: Promise<void>): Promise<void> {
  const stop = new AbortController();
  const passed = async (): Promise<never> => {
    await delay(2 ** 30, undefined, { signal: AbortSignal.any([limit, stop.signal]) }).catch(() => undefined);
    if (!stop.signal.aborted) await abortConnection(mount);
    throw refuse(mount.mountPoint, 'it does not answer');
  };
  try {
    await Promise.race([work, passed()]);
  } finally {
    stop.abort();
    // The loser of the race: its end is of no interest any more.
    work.catch(() => undefined);
  }
}

function refuse(directory: string, why: string): Failure {
  return new Failure('not-connected', `${directory} is not the target: ${why}`, {
    subject: directory,
    remedy: 'Run objectfs doctor to see whether this machine can mount',
  });
}
