import type { AttributeChange } from '../../fs/operations.js';
import { FATTR, GETATTR_FH } from '../abi/attribute-flags.js';
import { handleAt, timeNs } from './fields.js';
import type { Operation } from './operation.js';

/** `fuse_getattr_in`; `fuse_statx_in` starts with the same fields. */
export function decodeGetattr(op: 'getattr' | 'statx', body: Buffer): Operation | undefined {
  if (body.length < 16) return undefined;
  const hasHandle = (body.readUInt32LE(0) & GETATTR_FH) !== 0;
  return { op, handle: hasHandle ? handleAt(body, 8) : undefined };
}

/** `fuse_setattr_in`. */
export function decodeSetattr(body: Buffer): Operation | undefined {
  if (body.length < 88) return undefined;
  const valid = body.readUInt32LE(0);
  const has = (flag: number): boolean => (valid & flag) !== 0;
  const atimeNs = chosenTime(body, has(FATTR.ATIME), has(FATTR.ATIME_NOW), 32, 56);
  const mtimeNs = chosenTime(body, has(FATTR.MTIME), has(FATTR.MTIME_NOW), 40, 60);
  const change: AttributeChange = {
    ...(has(FATTR.MODE) && { mode: body.readUInt32LE(68) }),
    ...(has(FATTR.UID) && { uid: body.readUInt32LE(76) }),
    ...(has(FATTR.GID) && { gid: body.readUInt32LE(80) }),
    ...(has(FATTR.SIZE) && { sizeBytes: body.readBigUInt64LE(16) }),
    ...(atimeNs !== undefined && { atimeNs }),
    ...(mtimeNs !== undefined && { mtimeNs }),
    ...(has(FATTR.CTIME) && { ctimeNs: timeNs(body, 48, 64) }),
    ...(has(FATTR.FH) && { handle: handleAt(body, 8) }),
    ...(has(FATTR.KILL_SUIDGID) && { killPrivileges: true }),
  };
  return { op: 'setattr', change };
}

function chosenTime(
  body: Buffer,
  set: boolean,
  now: boolean,
  secondsAt: number,
  nanosecondsAt: number,
): bigint | 'now' | undefined {
  if (now) return 'now';
  return set ? timeNs(body, secondsAt, nanosecondsAt) : undefined;
}
