import { Failure } from '../errors/failure.js';
import { changeNode, changePosix } from './attributes.js';
import { assertWritable, type Context } from './context.js';
import type { Node } from './nodes/node.js';
import type { FileSystem, InodeId, Request } from './operations.js';
import { isFresh, revalidate } from './refresh.js';

/** setxattr(2) flags, include/uapi/linux/xattr.h. */
const XATTR_CREATE = 1;
const XATTR_REPLACE = 2;
/** XATTR_SIZE_MAX and XATTR_NAME_MAX, include/uapi/linux/limits.h. */
const VALUE_MAX_BYTES = 65536;
const NAME_MAX_BYTES = 255;
/** xattr(7). `system.` is not among them: access lists may be kept only where they are obeyed. */
const NAMESPACES = ['user.', 'trusted.', 'security.'];

/** Asked for by `ls -l` of each file, unless the file system says once that it has none (getfilecon(3), `ENOTSUP`). */
const SELINUX_LABEL = 'security.selinux';

type XattrOperations = Pick<FileSystem, 'getxattr' | 'listxattr' | 'setxattr' | 'removexattr'>;

/** Extended attributes, xattr(7). */
export function xattrOperations(context: Context): XattrOperations {
  const current = (ino: InodeId, request: Request): Promise<Node> => currentNode(context, ino, request);
  return {
    getxattr: async (ino, name, request) => {
      assertSupported(name);
      const value = (await current(ino, request)).posix.xattrs.get(name);
      if (value === undefined && name === SELINUX_LABEL) return noLabel();
      return value ?? noAttribute(name);
    },
    listxattr: async (ino, request) => [...(await current(ino, request)).posix.xattrs.keys()],
    setxattr: async (ino, name, value, flags, request) => {
      assertWritable(context);
      assertSupported(name);
      assertLengths(name, value);
      // The binding's buffer lives only as long as the call.
      await set(context, await current(ino, request), name, Uint8Array.from(value), flags, request);
    },
    removexattr: async (ino, name, request) => {
      assertWritable(context);
      assertSupported(name);
      await set(context, await current(ino, request), name, undefined, XATTR_REPLACE, request);
    },
  };
}

async function currentNode(context: Context, ino: InodeId, request: Request): Promise<Node> {
  const node = context.table.get(ino);
  if (!isFresh(context, node)) await revalidate(context, node, request.signal);
  return node;
}

async function set(
  context: Context,
  node: Node,
  name: string,
  value: Uint8Array | undefined,
  flags: number,
  request: Request,
): Promise<void> {
  await changeNode(context, node, request, () =>
    changePosix(context, node, (posix) => {
      const exists = posix.xattrs.has(name);
      if (exists && (flags & XATTR_CREATE) !== 0) throw new Failure('exists', `${name} exists already`);
      if (!exists && (flags & XATTR_REPLACE) !== 0) noAttribute(name);
      const xattrs = new Map(posix.xattrs);
      if (value === undefined) xattrs.delete(name);
      else xattrs.set(name, value);
      return { ...posix, xattrs, ctimeNs: context.nowNs() };
    }),
  );
}

function noLabel(): never {
  throw new Failure('unsupported', 'There is no SELinux label');
}

function noAttribute(name: string): never {
  throw new Failure('no-attribute', `There is no extended attribute ${name}`);
}

function assertSupported(name: string): void {
  if (NAMESPACES.includes(name)) {
    throw new Failure('invalid-argument', `The extended attribute ${name} is a namespace without a name`);
  }
  if (NAMESPACES.some((namespace) => name.startsWith(namespace))) return;
  throw new Failure('unsupported', `The extended attribute ${name} is in no namespace that is supported`, {
    remedy: 'Begin its name with user.',
  });
}

function assertLengths(name: string, value: Uint8Array): void {
  if (value.length > VALUE_MAX_BYTES) throw new Failure('value-too-big', `${name} is longer than 64 KiB`);
  const nameBytes = Buffer.byteLength(name);
  if (nameBytes === 0 || nameBytes > NAME_MAX_BYTES) {
    throw new Failure('buffer-too-small', 'The name of an extended attribute has 1 to 255 bytes');
  }
}
