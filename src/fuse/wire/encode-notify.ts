import { encodeName } from '../../fs/name-bytes.js';
import type { InodeId } from '../../fs/operations.js';
import { SIZE } from '../abi/layouts.js';
import { NOTIFY } from '../abi/notify-codes.js';

/** FUSE_NOTIFY_INVAL_INODE; `offset` below 0 drops attributes only, `lengthBytes` 0 reaches to the end. */
export function encodeInvalidateInode(ino: InodeId, offset: bigint, lengthBytes: bigint): Buffer {
  const message = notification(NOTIFY.INVAL_INODE, SIZE.NOTIFY_INVAL_INODE);
  message.writeBigUInt64LE(ino, SIZE.OUT_HEADER);
  message.writeBigInt64LE(offset, SIZE.OUT_HEADER + 8);
  message.writeBigInt64LE(lengthBytes, SIZE.OUT_HEADER + 16);
  return message;
}

/** FUSE_NOTIFY_INVAL_ENTRY. */
export function encodeInvalidateEntry(parent: InodeId, name: string): Buffer {
  const bytes = encodeName(name);
  const message = notification(NOTIFY.INVAL_ENTRY, SIZE.NOTIFY_INVAL_ENTRY + bytes.length + 1);
  message.writeBigUInt64LE(parent, SIZE.OUT_HEADER);
  message.writeUInt32LE(bytes.length, SIZE.OUT_HEADER + 8);
  bytes.copy(message, SIZE.OUT_HEADER + SIZE.NOTIFY_INVAL_ENTRY);
  return message;
}

/** A reply header with `unique` 0 and the code in the error field makes a notification. */
function notification(code: number, bodyBytes: number): Buffer {
  const message = Buffer.alloc(SIZE.OUT_HEADER + bodyBytes);
  message.writeUInt32LE(message.length, 0);
  message.writeInt32LE(code, 4);
  return message;
}
