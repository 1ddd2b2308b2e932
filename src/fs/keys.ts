import { createHash } from 'node:crypto';
import { Failure } from '../errors/failure.js';
import { KEY_MAX_BYTES, keySegment, RESERVED_NAME, SEGMENT_MAX_BYTES } from './names.js';
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
  for (; at.parent !== undefined; at = at.parent) names.unshift(keySegment(at.name));
  if (at.detached) throw removed(at);
  return names.reduce((above, segment) => folderPrefix({ prefix }, above, segment), prefix);
}

/** The key of the object with this name, for anything but a directory. */
export function objectKey(rooted: Rooted, directory: DirectoryNode, name: string): string {
  return fileKey(rooted, childrenPrefix(rooted, directory), keySegment(name));
}

/** What the children of a directory with this name start with; also the key of its marker. */
export function directoryKey(rooted: Rooted, directory: DirectoryNode, name: string): string {
  return folderPrefix(rooted, childrenPrefix(rooted, directory), keySegment(name));
}

/** The key of an object below a prefix: the two put together, or where S3 could not hold that, its overflow. */
export function fileKey(rooted: Rooted, above: string, segment: string): string {
  const plain = above + segment;
  return fits(plain) ? plain : overflowPrefix(rooted, above) + segment;
}

/** As {@link fileKey}, for the prefix that a directory stands for. */
export function folderPrefix(rooted: Rooted, above: string, segment: string): string {
  const plain = `${above}${segment}/`;
  return fits(plain) ? plain : `${overflowPrefix(rooted, above)}${segment}/`;
}

/**
 * Where children of a prefix lie whose keys would be longer than S3 allows: paths of Linux have up to 4,095 bytes, keys
 * 1,024. It follows from the prefix alone, so that a lookup costs no more requests.
 */
export function overflowPrefix({ prefix }: Rooted, above: string): string {
  const digest = createHash('sha256').update(above.slice(prefix.length)).digest('base64url');
  return `${prefix}${RESERVED_NAME}/long/${digest}/`;
}

/** Whether a name exists that has no room below a prefix: only then is there an overflow to look at. */
export function mayOverflow(above: string): boolean {
  return Buffer.byteLength(above) > KEY_MAX_BYTES - SEGMENT_MAX_BYTES - 1;
}

function fits(key: string): boolean {
  // Most keys are short, and a character of a string has at most three bytes.
  return key.length * 3 <= KEY_MAX_BYTES || Buffer.byteLength(key) <= KEY_MAX_BYTES;
}

/**
 * The key that holds a node's metadata: the object itself, or a directory's marker `dir/`. The root of a whole
 * bucket has no such key; its metadata lies in our own folder.
 *
 * @throws Failure `stale` where no name leads to the node any more.
 */
export function nodeKey(rooted: Rooted, node: Node): string {
  if (node.kind !== 'directory') {
    if (node.parent === undefined) return unplacedKey(node);
    return objectKey(rooted, node.parent, node.name);
  }
  const key = childrenPrefix(rooted, node);
  return key === '' ? `${RESERVED_NAME}/root` : key;
}

/** A linked file is also there where none of its names was looked up. */
function unplacedKey(node: Node): string {
  const [first] = node.detached ? [] : (node.links?.names.keys() ?? []);
  if (first === undefined) throw removed(node);
  return first;
}

function removed(node: Node): Failure {
  return new Failure('stale', `"${node.name}" has been removed or replaced`, { subject: node.name });
}
