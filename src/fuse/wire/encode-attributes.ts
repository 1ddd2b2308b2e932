import type { Attributes, Entry, TimedAttributes } from '../../fs/operations.js';
import { STATX_MASK } from '../abi/attribute-flags.js';
import { SIZE } from '../abi/layouts.js';
import { splitTime } from './fields.js';

/** `st_blksize`: what cp(1) and stdio take as a good unit. Larger ones only cost programs memory. */
const PREFERRED_BLOCK_BYTES = 128 * 1024;

/** The kernel keeps 64 bits of seconds; a duration beyond this is "for ever" all the same. */
const LONGEST_TTL_MS = 2 ** 31 * 1000;

/** `fuse_attr_out`. */
export function encodeAttributes(timed: TimedAttributes): Buffer {
  const body = Buffer.alloc(SIZE.ATTR_OUT);
  writeTtl(body, 0, 8, timed.attributeTtlMs);
  writeAttributes(body, 16, timed.attributes);
  return body;
}

/** `fuse_entry_out`. */
export function encodeEntry(entry: Entry): Buffer {
  const body = Buffer.alloc(SIZE.ENTRY_OUT);
  writeEntry(body, 0, entry);
  return body;
}

/** `fuse_entry_out` with inode 0: the name does not exist, and the kernel may remember that. */
export function encodeNegativeEntry(ttlMs: number): Buffer {
  const body = Buffer.alloc(SIZE.ENTRY_OUT);
  writeTtl(body, 16, 32, ttlMs);
  return body;
}

export function writeEntry(body: Buffer, at: number, entry: Entry): void {
  body.writeBigUInt64LE(entry.attributes.ino, at);
  body.writeBigUInt64LE(entry.generation, at + 8);
  writeTtl(body, at + 16, at + 32, entry.entryTtlMs);
  writeTtl(body, at + 24, at + 36, entry.attributeTtlMs);
  writeAttributes(body, at + 40, entry.attributes);
}

/** `fuse_statx_out` (7.39). */
export function encodeStatx(timed: TimedAttributes): Buffer {
  const { attributes } = timed;
  const body = Buffer.alloc(SIZE.STATX_OUT);
  const mask = STATX_MASK.BASIC_STATS | (attributes.btimeNs === undefined ? 0 : STATX_MASK.BTIME);
  writeTtl(body, 0, 8, timed.attributeTtlMs);
  const at = 32; // fuse_statx
  body.writeUInt32LE(mask, at);
  body.writeUInt32LE(PREFERRED_BLOCK_BYTES, at + 4);
  body.writeUInt32LE(attributes.nlink, at + 16);
  body.writeUInt32LE(attributes.uid, at + 20);
  body.writeUInt32LE(attributes.gid, at + 24);
  body.writeUInt16LE(attributes.mode, at + 28);
  body.writeBigUInt64LE(attributes.ino, at + 32);
  body.writeBigUInt64LE(attributes.sizeBytes, at + 40);
  body.writeBigUInt64LE(attributes.blocks, at + 48);
  writeStatxTime(body, at + 64, attributes.atimeNs);
  writeStatxTime(body, at + 80, attributes.btimeNs ?? 0n);
  writeStatxTime(body, at + 96, attributes.ctimeNs);
  writeStatxTime(body, at + 112, attributes.mtimeNs);
  // rdev_major and rdev_minor, out of the 32-bit coding of new_encode_dev()
  body.writeUInt32LE((attributes.rdev >>> 8) & 0xfff, at + 128);
  body.writeUInt32LE((attributes.rdev & 0xff) | ((attributes.rdev >>> 12) & 0xfff00), at + 132);
  return body;
}

function writeStatxTime(body: Buffer, at: number, ns: bigint): void {
  const { seconds, nanoseconds } = splitTime(ns);
  body.writeBigInt64LE(seconds, at);
  body.writeUInt32LE(nanoseconds, at + 8);
}

function writeTtl(body: Buffer, secondsAt: number, nanosecondsAt: number, ttlMs: number): void {
  const bounded = Math.min(Math.max(0, ttlMs), LONGEST_TTL_MS);
  const seconds = Math.floor(bounded / 1000);
  body.writeBigUInt64LE(BigInt(seconds), secondsAt);
  body.writeUInt32LE(Math.floor((bounded - seconds * 1000) * 1_000_000), nanosecondsAt);
}

/** `fuse_attr`. */
function writeAttributes(body: Buffer, at: number, attributes: Attributes): void {
  const atime = splitTime(attributes.atimeNs);
  const mtime = splitTime(attributes.mtimeNs);
  const ctime = splitTime(attributes.ctimeNs);
  body.writeBigUInt64LE(attributes.ino, at);
  body.writeBigUInt64LE(attributes.sizeBytes, at + 8);
  body.writeBigUInt64LE(attributes.blocks, at + 16);
  body.writeBigInt64LE(atime.seconds, at + 24);
  body.writeBigInt64LE(mtime.seconds, at + 32);
  body.writeBigInt64LE(ctime.seconds, at + 40);
  body.writeUInt32LE(atime.nanoseconds, at + 48);
  body.writeUInt32LE(mtime.nanoseconds, at + 52);
  body.writeUInt32LE(ctime.nanoseconds, at + 56);
  body.writeUInt32LE(attributes.mode, at + 60);
  body.writeUInt32LE(attributes.nlink, at + 64);
  body.writeUInt32LE(attributes.uid, at + 68);
  body.writeUInt32LE(attributes.gid, at + 72);
  body.writeUInt32LE(attributes.rdev >>> 0, at + 76);
  body.writeUInt32LE(PREFERRED_BLOCK_BYTES, at + 80);
  body.writeUInt32LE(0, at + 84); // no submounts, no DAX
}
