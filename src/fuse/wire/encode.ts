import { encodeName } from '../../fs/name-bytes.js';
import { ERRNO, type ErrnoName } from '../../errors/errno.js';
import type { FileSystemStatistics, Opened } from '../../fs/operations.js';
import { splitInitFlags } from '../abi/init-flags.js';
import { PROTOCOL_MAJOR, SIZE } from '../abi/layouts.js';
import { FOPEN } from '../abi/open-flags.js';
import { hasPassthrough, type Negotiated } from './negotiated.js';

/** `max_stack_depth`: lent files lie on a plain file system, and an overlay may still be put over the mount. */
const BACKING_STACK_DEPTH = 1;

/** `fuse_out_header` of a successful reply with `payloadBytes` after it. */
export function encodeReplyHeader(unique: bigint, payloadBytes: number): Buffer {
  const header = Buffer.allocUnsafe(SIZE.OUT_HEADER);
  header.writeUInt32LE(SIZE.OUT_HEADER + payloadBytes, 0);
  header.writeInt32LE(0, 4);
  header.writeBigUInt64LE(unique, 8);
  return header;
}

/** A reply that is an error and nothing else. */
export function encodeErrorReply(unique: bigint, errno: ErrnoName): Buffer {
  const header = encodeReplyHeader(unique, 0);
  header.writeInt32LE(-ERRNO[errno], 4);
  return header;
}

/** `fuse_init_out`. */
export function encodeInit(negotiated: Negotiated): Buffer {
  const body = Buffer.alloc(SIZE.INIT_OUT);
  const { flags, flags2 } = splitInitFlags(negotiated.flags);
  body.writeUInt32LE(PROTOCOL_MAJOR, 0);
  body.writeUInt32LE(negotiated.minor, 4);
  body.writeUInt32LE(negotiated.maxReadaheadBytes, 8);
  body.writeUInt32LE(flags, 12);
  body.writeUInt16LE(negotiated.maxBackground, 16);
  body.writeUInt16LE(Math.floor((negotiated.maxBackground * 3) / 4), 18); // congestion threshold, as libfuse
  body.writeUInt32LE(negotiated.maxWriteBytes, 20);
  body.writeUInt32LE(1, 24); // time granularity in nanoseconds
  body.writeUInt16LE(negotiated.maxPages, 28);
  body.writeUInt32LE(flags2, 32);
  if (hasPassthrough(negotiated)) body.writeUInt32LE(BACKING_STACK_DEPTH, 36);
  return body;
}

/** `fuse_open_out`. */
export function encodeOpened(opened: Opened): Buffer {
  const body = Buffer.alloc(SIZE.OPEN_OUT);
  body.writeBigUInt64LE(opened.handle, 0);
  body.writeUInt32LE(openFlags(opened), 8);
  body.writeInt32LE(opened.backingId ?? 0, 12);
  return body;
}

function openFlags(opened: Opened): number {
  if (opened.backingId !== undefined) return FOPEN.PASSTHROUGH;
  const direct = opened.directIo ? FOPEN.DIRECT_IO | FOPEN.PARALLEL_DIRECT_WRITES : 0;
  return direct | (opened.keepCache ? FOPEN.KEEP_CACHE : 0);
}

/** `fuse_write_out`. */
export function encodeWritten(sizeBytes: number): Buffer {
  const body = Buffer.alloc(SIZE.WRITE_OUT);
  body.writeUInt32LE(sizeBytes, 0);
  return body;
}

/** `fuse_getxattr_out`: the length of a value or a list that was asked for with size 0. */
export function encodeXattrSize(sizeBytes: number): Buffer {
  const body = Buffer.alloc(SIZE.XATTR_SIZE_OUT);
  body.writeUInt32LE(sizeBytes, 0);
  return body;
}

/** Names with a NUL after each, as listxattr(2) gives them. */
export function encodeXattrList(names: readonly string[]): Buffer {
  return Buffer.concat(names.flatMap((name) => [encodeName(name), Buffer.of(0)]));
}

/** `fuse_lseek_out`, and `fuse_copy_file_range_out` (7.45), which looks the same. */
export function encodeOffset(offset: bigint): Buffer {
  const body = Buffer.alloc(SIZE.LSEEK_OUT);
  body.writeBigUInt64LE(offset, 0);
  return body;
}

/** `fuse_statfs_out`. */
export function encodeStatfs(statistics: FileSystemStatistics): Buffer {
  const body = Buffer.alloc(SIZE.STATFS_OUT);
  body.writeBigUInt64LE(statistics.blocks, 0);
  body.writeBigUInt64LE(statistics.blocksFree, 8);
  body.writeBigUInt64LE(statistics.blocksAvailable, 16);
  body.writeBigUInt64LE(statistics.files, 24);
  body.writeBigUInt64LE(statistics.filesFree, 32);
  body.writeUInt32LE(statistics.blockSizeBytes, 40);
  body.writeUInt32LE(statistics.nameMaxBytes, 44);
  body.writeUInt32LE(statistics.blockSizeBytes, 48); // f_frsize: blocks are counted in it
  return body;
}
