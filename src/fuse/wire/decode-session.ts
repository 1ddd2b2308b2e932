import { SIZE } from '../abi/layouts.js';
import { INIT_FLAG } from '../abi/init-flags.js';
import { inodeAt } from './fields.js';
import type { Forgotten, Operation } from './operation.js';

/** `fuse_init_in`: 16 bytes before 7.36, 64 since; `flags2` counts only where INIT_EXT is offered. */
export function decodeInit(body: Buffer): Operation | undefined {
  if (body.length < SIZE.INIT_IN) return undefined;
  const low = BigInt(body.readUInt32LE(12));
  const extended = (low & INIT_FLAG.INIT_EXT) !== 0n && body.length >= SIZE.INIT_IN_EXTENDED;
  const high = extended ? BigInt(body.readUInt32LE(16)) : 0n;
  return {
    op: 'init',
    major: body.readUInt32LE(0),
    minor: body.readUInt32LE(4),
    maxReadaheadBytes: body.readUInt32LE(8),
    flags: low | (high << 32n),
  };
}

export function decodeInterrupt(body: Buffer): Operation | undefined {
  return body.length < 8 ? undefined : { op: 'interrupt', unique: body.readBigUInt64LE(0) };
}

/** `fuse_batch_forget_in` and its list. */
export function decodeBatchForget(body: Buffer): Operation | undefined {
  if (body.length < 8) return undefined;
  const count = body.readUInt32LE(0);
  if (body.length < 8 + count * SIZE.FORGET_ONE) return undefined;
  const forgotten: Forgotten[] = [];
  for (let index = 0; index < count; index += 1) {
    const start = 8 + index * SIZE.FORGET_ONE;
    forgotten.push({ nodeId: inodeAt(body, start), count: body.readBigUInt64LE(start + 8) });
  }
  return { op: 'forget', forgotten };
}
