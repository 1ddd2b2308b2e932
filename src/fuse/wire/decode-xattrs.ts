import { SIZE } from '../abi/layouts.js';
import { nameAt } from './fields.js';
import { hasExtendedSetxattr, type Negotiated } from './negotiated.js';
import type { Operation } from './operation.js';

/** `fuse_setxattr_in`, in its short or its extended layout, then name and value. */
export function decodeSetxattr(body: Buffer, negotiated: Negotiated): Operation | undefined {
  const start = hasExtendedSetxattr(negotiated) ? SIZE.SETXATTR_IN_EXTENDED : SIZE.SETXATTR_IN;
  if (body.length < start) return undefined;
  const sizeBytes = body.readUInt32LE(0);
  const field = nameAt(body, start);
  if (field === undefined || body.length < field.end + sizeBytes) return undefined;
  const value = body.subarray(field.end, field.end + sizeBytes);
  return { op: 'setxattr', name: field.name, value, flags: body.readUInt32LE(4) };
}

/** `fuse_getxattr_in` and the name; size 0 asks for the length. */
export function decodeGetxattr(body: Buffer): Operation | undefined {
  const field = body.length < 8 ? undefined : nameAt(body, 8);
  return field && { op: 'getxattr', name: field.name, sizeBytes: body.readUInt32LE(0) };
}

export function decodeListxattr(body: Buffer): Operation | undefined {
  return body.length < 8 ? undefined : { op: 'listxattr', sizeBytes: body.readUInt32LE(0) };
}
