import { Failure } from '../../errors/failure.js';
import { monotonicMs } from '../clock.js';
import { assertAttached, assertWritable, nameLock, type Context } from '../context.js';
import { entryOf, touch } from '../entries.js';
import { openFile, fileOf } from '../files.js';
import { childrenPrefix, directoryKey, objectKey } from '../keys.js';
import type { Posix } from '../metadata/posix.js';
import { fileType, O_EXCL, permissions, S_IFDIR, S_IFLNK, S_IFREG, S_ISGID } from '../modes.js';
import { encodeName } from '../name-bytes.js';
import { checkKey, checkName, isReserved } from '../names.js';
import type { DirectoryNode, Node, StoredObject } from '../nodes/node.js';
import { within } from '../nodes/subtree.js';
import { describe, DIRECTORY_CONTENT_TYPE, guardedPut } from '../objects.js';
import type { Created, FileSystem, InodeId, Request } from '../operations.js';
import { keepDirectory } from '../persist.js';
import { findChild, JUST_ASKED_MS } from '../resolve.js';

const NO_BYTES = new Uint8Array(0);
/** PATH_MAX without its NUL. */
const TARGET_MAX_BYTES = 4095;

type MakeOperations = Pick<FileSystem, 'create' | 'mknod' | 'mkdir' | 'symlink'>;

/** Operations that make a name. */
export function makeOperations(context: Context): MakeOperations {
  return {
    create: async (parent, name, mode, flags, request) =>
      await atName(context, parent, name, request, (directory) =>
        createFile(context, directory, name, mode, flags, request),
      ),
    mknod: async (parent, name, mode, rdev, request) =>
      await atFreeName(context, parent, name, request, async (directory) => {
        const type = fileType(mode) === 0 ? S_IFREG : fileType(mode);
        const posix = { ...newPosix(context, directory, type | permissions(mode), request), rdev };
        return entryOf(context, await store(context, directory, name, posix, NO_BYTES));
      }),
    mkdir: async (parent, name, mode, request) =>
      await atFreeName(context, parent, name, request, async (directory) => {
        const posix = newPosix(context, directory, S_IFDIR | permissions(mode), request);
        return entryOf(context, await store(context, directory, name, posix, NO_BYTES));
      }),
    symlink: async (parent, name, target, request) =>
      await atFreeName(context, parent, name, request, async (directory) => {
        const bytes = encodeName(target);
        if (bytes.length > TARGET_MAX_BYTES) throw new Failure('name-too-long', 'The target is too long');
        const node = await store(
          context,
          directory,
          name,
          newPosix(context, directory, S_IFLNK | 0o777, request),
          bytes,
        );
        if (node.kind === 'symlink') node.target = target;
        return entryOf(context, node);
      }),
  };
}

/**
 * Runs `work` alone at one name of a directory that stays where it is meanwhile.
 *
 * @param alsoInside - Another directory that must stay where it is.
 */
export async function atName<T>(
  context: Context,
  parent: InodeId,
  name: string,
  request: Request,
  work: (directory: DirectoryNode) => Promise<T>,
  alsoInside?: DirectoryNode,
): Promise<T> {
  assertWritable(context);
  checkName(name);
  const directory = context.table.directory(parent);
  if (isReserved(directory === context.root, name)) {
    throw new Failure('not-permitted', `The name ${name} is reserved for the file system itself`, {
      remedy: 'Choose another name',
    });
  }
  return await within([directory, alsoInside], request.signal, async () => {
    assertAttached(directory);
    return await context.locks.run([nameLock(directory, name)], () => work(directory), request.signal);
  });
}

/** As {@link atName}, at a name that is free. */
export async function atFreeName<T>(
  context: Context,
  parent: InodeId,
  name: string,
  request: Request,
  work: (directory: DirectoryNode) => Promise<T>,
  alsoInside?: DirectoryNode,
): Promise<T> {
  const make = async (directory: DirectoryNode): Promise<T> => {
    const existing = await findChild(context, directory, name, JUST_ASKED_MS, request.signal);
    if (existing !== undefined) throw existsFailure(context, directory, name);
    return await work(directory);
  };
  return await atName(context, parent, name, request, make, alsoInside);
}

async function createFile(
  context: Context,
  directory: DirectoryNode,
  name: string,
  mode: number,
  flags: number,
  request: Request,
): Promise<Created> {
  const existing = await findChild(context, directory, name, JUST_ASKED_MS, request.signal);
  if (existing !== undefined) {
    if ((flags & O_EXCL) !== 0) throw existsFailure(context, directory, name);
    const opened = await openFile(context, fileOf(existing), flags, request);
    return { entry: entryOf(context, existing), ...opened };
  }
  await checkPlace(context, directory, objectKey(context, directory, name));
  const posix = newPosix(context, directory, S_IFREG | permissions(mode), request);
  const node = fileOf(addNode(context, directory, name, posix, undefined));
  node.contentDirty = true;
  touch(context, directory);
  const opened = await openFile(context, node, flags, request);
  return { entry: entryOf(context, node), ...opened };
}

/**
 * Before a key is made. A directory is found by what is below its prefix, so one that has children elsewhere only (in
 * its overflow) needs its marker.
 *
 * @throws Failure `name-too-long` where S3 could not hold the key.
 */
export async function checkPlace(context: Context, directory: DirectoryNode, key: string): Promise<void> {
  checkKey(key);
  if (!key.startsWith(childrenPrefix(context, directory))) await keepDirectory(context, directory);
}

/** Writes a new object and links its node. */
async function store(
  context: Context,
  directory: DirectoryNode,
  name: string,
  posix: Posix,
  body: Uint8Array,
): Promise<Node> {
  const isDirectory = fileType(posix.mode) === S_IFDIR;
  const key = isDirectory ? directoryKey(context, directory, name) : objectKey(context, directory, name);
  await checkPlace(context, directory, key);
  const headers = isDirectory ? { headers: { contentType: DIRECTORY_CONTENT_TYPE } } : {};
  const description = { ...describe(context, posix, undefined, true), ...headers };
  let object: StoredObject;
  try {
    object = await guardedPut(context, key, body, description, undefined);
  } catch (error) {
    const taken = error instanceof Failure && error.kind === 'precondition-failed';
    throw taken ? existsFailure(context, directory, name) : error;
  }
  const node = addNode(context, directory, name, posix, object);
  if (node.kind === 'directory') {
    node.subdirectories = 0;
    node.catalog.beginEmpty();
    if (directory.subdirectories !== undefined) directory.subdirectories += 1;
  } else directory.catalog.debt += 1;
  touch(context, directory);
  return node;
}

function addNode(
  context: Context,
  directory: DirectoryNode,
  name: string,
  posix: Posix,
  object: StoredObject | undefined,
): Node {
  const key = objectKey(context, directory, name);
  directory.absent.delete(name);
  return context.table.add({ parent: directory, name, key, posix, object, checkedAtMs: monotonicMs() });
}

/** Owner from the caller; in a set-group-id directory the group, and for directories the bit, from the parent. */
export function newPosix(context: Context, directory: DirectoryNode, mode: number, request: Request): Posix {
  const now = context.nowNs();
  const inherits = (directory.posix.mode & S_ISGID) !== 0;
  return {
    mode: inherits && fileType(mode) === S_IFDIR ? mode | S_ISGID : mode,
    uid: request.uid,
    gid: inherits ? directory.posix.gid : request.gid,
    rdev: 0,
    atimeNs: now,
    mtimeNs: now,
    ctimeNs: now,
    btimeNs: now,
    xattrs: new Map(),
  };
}

/** The failure for a name that is taken. */
export function existsFailure(context: Context, directory: DirectoryNode, name: string): Failure {
  const key = objectKey(context, directory, name);
  return new Failure('exists', `${key} exists already`, { subject: key });
}
