import { buffer } from 'node:stream/consumers';
import { Failure } from '../errors/failure.js';
import { noteAccess } from './access-times.js';
import type { Context } from './context.js';
import { nodeKey } from './keys.js';
import { decodeName } from './name-bytes.js';
import type { SymlinkNode } from './nodes/node.js';
import type { FileSystem } from './operations.js';

/** PATH_MAX: an object this long is no target. */
const TARGET_LIMIT_BYTES = 4096;

/** readlink(2). */
export function symlinkOperations(context: Context): Pick<FileSystem, 'readlink'> {
  return {
    readlink: async (ino, request) => {
      const node = context.table.get(ino);
      if (node.kind !== 'symlink')
        throw new Failure('invalid-argument', `"${node.name}" is no symbolic link`);
      node.target ??= await readTarget(context, node, request.signal);
      noteAccess(context, node);
      return node.target;
    },
  };
}

/** The body of the object, as s3fs writes it. */
async function readTarget(context: Context, node: SymlinkNode, signal: AbortSignal): Promise<string> {
  const key = nodeKey(context, node);
  const sizeBytes = node.object?.sizeBytes ?? 0;
  if (sizeBytes === 0 || sizeBytes >= TARGET_LIMIT_BYTES) {
    throw new Failure(
      'invalid-argument',
      `${key} holds ${sizeBytes} bytes, which is no target of a symbolic link`,
    );
  }
  const { body } = await context.store.get(key, { signal });
  return decodeName(await buffer(body));
}
