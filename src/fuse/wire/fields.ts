import { decodeName } from '../../fs/name-bytes.js';
import type { HandleId, InodeId } from '../../fs/operations.js';

const NANOSECONDS = 1_000_000_000n;

/** A name and where the bytes after its NUL start. */
export interface NameField {
  readonly name: string;
  readonly end: number;
}

/** The NUL-terminated name at `start`; `undefined` where it is empty or not terminated. */
export function nameAt(body: Buffer, start: number): NameField | undefined {
  const terminator = body.indexOf(0, start);
  if (terminator <= start) return undefined;
  return { name: decodeName(body.subarray(start, terminator)), end: terminator + 1 };
}

export function handleAt(body: Buffer, offset: number): HandleId {
  // The brand is made here: the number came from the file system and comes back through the kernel.
  return body.readBigUInt64LE(offset) as HandleId;
}

export function inodeAt(body: Buffer, offset: number): InodeId {
  // The brand is made here: the number came from the file system and comes back through the kernel.
  return body.readBigUInt64LE(offset) as InodeId;
}

/** A time of the wire, signed seconds and nanoseconds, as nanoseconds since the epoch. */
export function timeNs(body: Buffer, secondsAt: number, nanosecondsAt: number): bigint {
  return body.readBigInt64LE(secondsAt) * NANOSECONDS + BigInt(body.readUInt32LE(nanosecondsAt));
}

/** Splits nanoseconds since the epoch into floored seconds and the rest, which is never negative. */
export function splitTime(ns: bigint): { readonly seconds: bigint; readonly nanoseconds: number } {
  const rest = ((ns % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
  return { seconds: (ns - rest) / NANOSECONDS, nanoseconds: Number(rest) };
}
