import { inodeAt, nameAt } from './fields.js';
import type { Operation } from './operation.js';

type PlainNameOperation = 'lookup' | 'unlink' | 'rmdir' | 'removexattr';

/** A body that is one name. */
export function decodePlainName(op: PlainNameOperation, body: Buffer): Operation | undefined {
  const field = nameAt(body, 0);
  return field && { op, name: field.name };
}

/** New name, then the target, which may not be empty either. */
export function decodeSymlink(body: Buffer): Operation | undefined {
  const field = nameAt(body, 0);
  const target = field && nameAt(body, field.end);
  return target && { op: 'symlink', name: field.name, target: target.name };
}

/** `fuse_mknod_in`; the kernel has applied the umask because FUSE_DONT_MASK is off. */
export function decodeMknod(body: Buffer): Operation | undefined {
  const field = body.length < 16 ? undefined : nameAt(body, 16);
  return field && { op: 'mknod', name: field.name, mode: body.readUInt32LE(0), rdev: body.readUInt32LE(4) };
}

/** `fuse_mkdir_in`. */
export function decodeMkdir(body: Buffer): Operation | undefined {
  const field = body.length < 8 ? undefined : nameAt(body, 8);
  return field && { op: 'mkdir', name: field.name, mode: body.readUInt32LE(0) };
}

/** `fuse_create_in`. */
export function decodeCreate(body: Buffer): Operation | undefined {
  const field = body.length < 16 ? undefined : nameAt(body, 16);
  return field && { op: 'create', name: field.name, flags: body.readUInt32LE(0), mode: body.readUInt32LE(4) };
}

/** `fuse_create_in`; the name after it is that of the kernel's nameless dentry. */
export function decodeTmpfile(body: Buffer): Operation | undefined {
  if (body.length < 16) return undefined;
  return { op: 'tmpfile', flags: body.readUInt32LE(0), mode: body.readUInt32LE(4) };
}

/** `fuse_link_in`: the header names the new directory. */
export function decodeLink(body: Buffer): Operation | undefined {
  const field = body.length < 8 ? undefined : nameAt(body, 8);
  return field && { op: 'link', source: inodeAt(body, 0), name: field.name };
}

/** `fuse_rename_in`, or with flags `fuse_rename2_in`. */
export function decodeRename(hasFlags: boolean, body: Buffer): Operation | undefined {
  const start = hasFlags ? 16 : 8;
  const field = body.length < start ? undefined : nameAt(body, start);
  const target = field && nameAt(body, field.end);
  if (target === undefined) return undefined;
  return {
    op: 'rename',
    name: field?.name ?? '',
    newParent: inodeAt(body, 0),
    newName: target.name,
    flags: hasFlags ? body.readUInt32LE(8) : 0,
  };
}
