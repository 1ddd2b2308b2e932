import { FSYNC_DATA_ONLY, WRITE } from '../abi/data-flags.js';
import { OPEN_IN } from '../abi/open-flags.js';
import { handleAt, inodeAt } from './fields.js';
import type { Operation } from './operation.js';

/** `fuse_open_in`. */
export function decodeOpen(body: Buffer): Operation | undefined {
  if (body.length < 8) return undefined;
  const killPrivileges = (body.readUInt32LE(4) & OPEN_IN.KILL_SUIDGID) !== 0;
  return { op: 'open', flags: body.readUInt32LE(0), killPrivileges };
}

export function decodeOpendir(body: Buffer): Operation | undefined {
  return body.length < 8 ? undefined : { op: 'opendir', flags: body.readUInt32LE(0) };
}

/** `fuse_read_in`. */
export function decodeRead(body: Buffer): Operation | undefined {
  if (body.length < 40) return undefined;
  return {
    op: 'read',
    handle: handleAt(body, 0),
    offset: body.readBigUInt64LE(8),
    sizeBytes: body.readUInt32LE(16),
  };
}

/** `fuse_read_in` on a directory: the offset is the cookie of the last entry taken. */
export function decodeReaddir(plus: boolean, body: Buffer): Operation | undefined {
  if (body.length < 40) return undefined;
  const cookie = body.readBigUInt64LE(8);
  return { op: 'readdir', handle: handleAt(body, 0), cookie, sizeBytes: body.readUInt32LE(16), plus };
}

/** `fuse_write_in` and the payload, which is not copied. */
export function decodeWrite(body: Buffer): Operation | undefined {
  if (body.length < 40) return undefined;
  const sizeBytes = body.readUInt32LE(16);
  if (body.length < 40 + sizeBytes) return undefined;
  return {
    op: 'write',
    handle: handleAt(body, 0),
    offset: body.readBigUInt64LE(8),
    data: body.subarray(40, 40 + sizeBytes),
    killPrivileges: (body.readUInt32LE(20) & WRITE.KILL_SUIDGID) !== 0,
    isWriteBack: (body.readUInt32LE(20) & WRITE.CACHE) !== 0,
  };
}

/** `fuse_flush_in`, `fuse_release_in`: what we need is the handle. */
export function decodeHandle(op: 'flush' | 'release' | 'releasedir', body: Buffer): Operation | undefined {
  return body.length < 24 ? undefined : { op, handle: handleAt(body, 0) };
}

/** `fuse_fsync_in`. */
export function decodeFsync(body: Buffer): Operation | undefined {
  if (body.length < 16) return undefined;
  const dataOnly = (body.readUInt32LE(8) & FSYNC_DATA_ONLY) !== 0;
  return { op: 'fsync', handle: handleAt(body, 0), dataOnly };
}

export function decodeFsyncdir(body: Buffer): Operation | undefined {
  return body.length < 16 ? undefined : { op: 'fsyncdir', handle: handleAt(body, 0) };
}

/** `fuse_fallocate_in`. */
export function decodeFallocate(body: Buffer): Operation | undefined {
  if (body.length < 32) return undefined;
  return {
    op: 'fallocate',
    handle: handleAt(body, 0),
    offset: body.readBigUInt64LE(8),
    lengthBytes: body.readBigUInt64LE(16),
    mode: body.readUInt32LE(24),
  };
}

/** `fuse_copy_file_range_in`. */
export function decodeCopyFileRange(wide: boolean, body: Buffer): Operation | undefined {
  if (body.length < 56) return undefined;
  return {
    op: 'copyFileRange',
    handle: handleAt(body, 0),
    offset: body.readBigUInt64LE(8),
    to: { ino: inodeAt(body, 16), handle: handleAt(body, 24), offset: body.readBigUInt64LE(32) },
    lengthBytes: body.readBigUInt64LE(40),
    wide,
  };
}

/** `fuse_lseek_in`. */
export function decodeLseek(body: Buffer): Operation | undefined {
  if (body.length < 24) return undefined;
  return {
    op: 'lseek',
    handle: handleAt(body, 0),
    offset: body.readBigUInt64LE(8),
    whence: body.readUInt32LE(16),
  };
}
