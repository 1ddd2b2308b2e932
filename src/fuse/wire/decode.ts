import { OPCODE } from '../abi/opcodes.js';
import { SIZE } from '../abi/layouts.js';
import { decodeGetattr, decodeSetattr } from './decode-attributes.js';
import * as handles from './decode-handles.js';
import * as names from './decode-names.js';
import { decodeBatchForget, decodeInit, decodeInterrupt } from './decode-session.js';
import { decodeGetxattr, decodeListxattr, decodeSetxattr } from './decode-xattrs.js';
import { inodeAt } from './fields.js';
import type { Negotiated } from './negotiated.js';
import type { Decoded, Operation, RequestHeader } from './operation.js';

type Decoder = (body: Buffer, negotiated: Negotiated, header: RequestHeader) => Operation | undefined;

const DECODERS: Readonly<Record<number, Decoder>> = {
  [OPCODE.INIT]: decodeInit,
  [OPCODE.DESTROY]: () => ({ op: 'destroy' }),
  [OPCODE.INTERRUPT]: decodeInterrupt,
  [OPCODE.FORGET]: (body, _negotiated, { nodeId }) =>
    body.length < 8 ? undefined : { op: 'forget', forgotten: [{ nodeId, count: body.readBigUInt64LE(0) }] },
  [OPCODE.BATCH_FORGET]: decodeBatchForget,
  [OPCODE.LOOKUP]: (body) => names.decodePlainName('lookup', body),
  [OPCODE.GETATTR]: (body) => decodeGetattr('getattr', body),
  [OPCODE.STATX]: (body) => decodeGetattr('statx', body),
  [OPCODE.SETATTR]: decodeSetattr,
  [OPCODE.READLINK]: () => ({ op: 'readlink' }),
  [OPCODE.SYMLINK]: names.decodeSymlink,
  [OPCODE.MKNOD]: names.decodeMknod,
  [OPCODE.MKDIR]: names.decodeMkdir,
  [OPCODE.UNLINK]: (body) => names.decodePlainName('unlink', body),
  [OPCODE.RMDIR]: (body) => names.decodePlainName('rmdir', body),
  [OPCODE.RENAME]: (body) => names.decodeRename(false, body),
  [OPCODE.RENAME2]: (body) => names.decodeRename(true, body),
  [OPCODE.LINK]: names.decodeLink,
  [OPCODE.CREATE]: names.decodeCreate,
  [OPCODE.TMPFILE]: names.decodeTmpfile,
  [OPCODE.OPEN]: handles.decodeOpen,
  [OPCODE.OPENDIR]: handles.decodeOpendir,
  [OPCODE.READ]: handles.decodeRead,
  [OPCODE.READDIR]: (body) => handles.decodeReaddir(false, body),
  [OPCODE.READDIRPLUS]: (body) => handles.decodeReaddir(true, body),
  [OPCODE.WRITE]: handles.decodeWrite,
  [OPCODE.FLUSH]: (body) => handles.decodeHandle('flush', body),
  [OPCODE.RELEASE]: (body) => handles.decodeHandle('release', body),
  [OPCODE.RELEASEDIR]: (body) => handles.decodeHandle('releasedir', body),
  [OPCODE.FSYNC]: handles.decodeFsync,
  [OPCODE.FSYNCDIR]: handles.decodeFsyncdir,
  [OPCODE.FALLOCATE]: handles.decodeFallocate,
  [OPCODE.LSEEK]: handles.decodeLseek,
  [OPCODE.COPY_FILE_RANGE]: (body) => handles.decodeCopyFileRange(false, body),
  [OPCODE.COPY_FILE_RANGE_64]: (body) => handles.decodeCopyFileRange(true, body),
  [OPCODE.GETXATTR]: decodeGetxattr,
  [OPCODE.LISTXATTR]: decodeListxattr,
  [OPCODE.SETXATTR]: decodeSetxattr,
  [OPCODE.REMOVEXATTR]: (body) => names.decodePlainName('removexattr', body),
  [OPCODE.STATFS]: () => ({ op: 'statfs' }),
};

/**
 * Reads one request. Kernel input never throws: what has the wrong layout comes back as `malformed` or `garbage`.
 *
 * @param bytes - Exactly what one read(2) of `/dev/fuse` gave. Payloads stay views on it.
 */
export function decodeRequest(bytes: Buffer, negotiated: Negotiated): Decoded {
  if (bytes.length < SIZE.IN_HEADER) {
    return { kind: 'garbage', reason: `${bytes.length} bytes are too few for a header` };
  }
  const length = bytes.readUInt32LE(0);
  const extensions = bytes.readUInt16LE(36) * 8; // 7.38; zero before
  const header = decodeHeader(bytes);
  if (length !== bytes.length || SIZE.IN_HEADER + extensions > length) {
    const reason = `header says ${length} bytes with ${extensions} of extensions, ${bytes.length} came`;
    return { kind: 'malformed', header, reason };
  }
  const decoder = DECODERS[header.opcode];
  if (decoder === undefined) return { kind: 'unknown', header };
  const operation = decoder(bytes.subarray(SIZE.IN_HEADER, length - extensions), negotiated, header);
  if (operation === undefined) {
    return { kind: 'malformed', header, reason: `wrong layout for opcode ${header.opcode}` };
  }
  return { kind: 'request', header, operation };
}

function decodeHeader(bytes: Buffer): RequestHeader {
  return {
    opcode: bytes.readUInt32LE(4),
    unique: bytes.readBigUInt64LE(8),
    nodeId: inodeAt(bytes, 16),
    uid: bytes.readUInt32LE(24),
    gid: bytes.readUInt32LE(28),
    pid: bytes.readUInt32LE(32),
  };
}
