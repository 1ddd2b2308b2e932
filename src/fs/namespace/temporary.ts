import { Failure } from '../../errors/failure.js';
import { monotonicMs } from '../clock.js';
import { assertAttached, assertWritable, type Context } from '../context.js';
import { uploadTo } from '../data/upload.js';
import { entryOf } from '../entries.js';
import { fileOf, openFile } from '../files.js';
import { objectKey } from '../keys.js';
import { permissions, S_IFREG } from '../modes.js';
import type { DirectoryNode, FileNode, Node } from '../nodes/node.js';
import type { FileSystem, Request } from '../operations.js';
import { checkPlace, existsFailure, newPosix } from './make.js';

/** O_TMPFILE of open(2): a file without a name. It lives in the stage only, until link(2) gives it one or it is closed. */
export function temporaryOperations(context: Context): Pick<FileSystem, 'tmpfile'> {
  return {
    tmpfile: async (parent, mode, flags, request) => {
      assertWritable(context);
      const directory = context.table.directory(parent);
      assertAttached(directory);
      const posix = newPosix(context, directory, S_IFREG | permissions(mode), request);
      const node = fileOf(context.table.addNameless(posix, monotonicMs()));
      const opened = await openFile(context, node, flags, request);
      return { ...opened, entry: entryOf(context, node) };
    },
  };
}

/** Whether a node has never had a name. */
export function isTemporary(node: Node): node is FileNode {
  return node.kind === 'file' && node.detached && node.isTemporary;
}

/**
 * Gives a temporary file its name: S3 holds it afterwards. The caller holds the node's lock and that of the name.
 *
 * @throws Failure `exists`, or the store's; it then stays without a name.
 */
export async function nameTemporary(
  context: Context,
  node: FileNode,
  directory: DirectoryNode,
  name: string,
  request: Request,
): Promise<void> {
  const key = objectKey(context, directory, name);
  await checkPlace(context, directory, key);
  const { posix } = node;
  node.posix = { ...posix, ctimeNs: context.nowNs() };
  try {
    await uploadTo(context, node, key, undefined, request.signal);
  } catch (error) {
    node.posix = posix;
    const isTaken = error instanceof Failure && error.kind === 'precondition-failed';
    throw isTaken ? existsFailure(context, directory, name) : error;
  }
  node.isTemporary = false;
  context.table.attach(node, directory, name);
  directory.absent.delete(name);
}
