import type { ObjectFacts } from '../../config/storage-class-rules.js';
import { Failure } from '../../errors/failure.js';
import type { ObjectDescription } from '../../s3/store.js';
import type { Context } from '../context.js';
import { nodeKey } from '../keys.js';
import { contentTypeOf } from '../metadata/content-type.js';
import type { FileNode, Node } from '../nodes/node.js';
import { describe } from '../objects.js';

/**
 * What to send with the new bytes of a file.
 *
 * @param key - Where they go; tells the Content-Type of a new file, and with the size its storage class.
 * @throws Failure of the store, where the object has tags that can not be read.
 */
export async function describeContent(
  context: Context,
  node: FileNode,
  key: string,
  sizes: Pick<ObjectFacts, 'leastBytes' | 'mostBytes'>,
  signal?: AbortSignal,
): Promise<ObjectDescription> {
  const description = {
    storageClass: context.storageClassOf({ key, ...sizes }),
    ...describe(context, node.posix, node.object, true),
  };
  if (node.object !== undefined) return await withTags(context, node, description, signal);
  const contentType = context.mount.contentType === 'by-extension' ? contentTypeOf(key) : undefined;
  return contentType === undefined ? description : { ...description, headers: { contentType } };
}

/** Only a copy takes the tags of an object along: bytes that are sent need them told again. */
async function withTags(
  context: Context,
  node: Node,
  description: ObjectDescription,
  signal?: AbortSignal,
): Promise<ObjectDescription> {
  if (node.object?.tagCount === undefined) return description;
  try {
    const tags = await context.store.tags(nodeKey(context, node), signal === undefined ? {} : { signal });
    return { ...description, tags };
  } catch (error) {
    // Another client has removed the object: the condition of the write will say so.
    if (error instanceof Failure && error.kind === 'missing') return description;
    throw error;
  }
}
