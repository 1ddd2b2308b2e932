import { Failure } from '../errors/failure.js';
import { keySegment, RESERVED_NAME } from './names.js';
import type { DirectoryNode, Node } from './nodes/node.js';

interface Rooted {
  readonly prefix: string;
}

/**
 * What keys of a directory's children start with: empty for the root of a whole bucket, else ends with `/`.
 *
 * @throws Failure `stale` where the directory, or one above it, has been removed: it has no key any more.
 */
export function childrenPrefix({ prefix }: Rooted, directory: DirectoryNode): string {
  const names: string[] = [];
  let at = directory;
  for (; at.parent !== undefined; at = at.parent) names.unshift(`${keySegment(at.name)}/`);
  if (at.detached) throw removed(at);
  return prefix + names.join('');
}

/** The key of the object with this name. */
export function objectKey(rooted: Rooted, directory: DirectoryNode, name: string): string {
  return childrenPrefix(rooted, directory) + keySegment(name);
}

/**
 * The key that holds a node's metadata: the object itself, or a directory's marker `dir/`. The root of a whole
 * bucket has no such key; its metadata lies in our own folder.
 *
 * @throws Failure `stale` where no name leads to the node any more.
 */
export function nodeKey(rooted: Rooted, node: Node): string {
  if (node.kind !== 'directory') {
    if (node.parent === undefined) throw removed(node);
    return objectKey(rooted, node.parent, node.name);
  }
  const key = childrenPrefix(rooted, node);
  return key === '' ? `${RESERVED_NAME}/root` : key;
}

function removed(node: Node): Failure {
  return new Failure('stale', `"${node.name}" has been removed or replaced`, { subject: node.name });
}
