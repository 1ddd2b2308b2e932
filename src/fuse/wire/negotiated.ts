import { INIT_FLAG } from '../abi/init-flags.js';

/** What kernel and file system agreed on at INIT. Immutable; every decoder takes it. */
export interface Negotiated {
  readonly minor: number;
  /** The flags of `INIT_FLAG` that are on. */
  readonly flags: bigint;
  readonly maxWriteBytes: number;
  readonly maxPages: number;
  readonly maxReadaheadBytes: number;
  /** Background requests (read-ahead, releases) that the kernel keeps in flight. */
  readonly maxBackground: number;
}

/** Holds until INIT was answered: the layouts of the oldest kernel that we speak to, and no optional feature. */
export const BEFORE_INIT: Negotiated = {
  minor: 31,
  flags: 0n,
  maxWriteBytes: 4096,
  maxPages: 1,
  maxReadaheadBytes: 0,
  maxBackground: 12,
};

/** The kernel reads files that are lent to it. */
export function hasPassthrough(negotiated: Negotiated): boolean {
  return (negotiated.flags & INIT_FLAG.PASSTHROUGH) !== 0n;
}

/** `fuse_setxattr_in` has its second half. */
export function hasExtendedSetxattr(negotiated: Negotiated): boolean {
  return (negotiated.flags & INIT_FLAG.SETXATTR_EXT) !== 0n;
}
