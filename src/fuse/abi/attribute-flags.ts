/** `fuse_setattr_in.valid`: which fields are set. */
export const FATTR = {
  MODE: 1 << 0,
  UID: 1 << 1,
  GID: 1 << 2,
  SIZE: 1 << 3,
  ATIME: 1 << 4,
  MTIME: 1 << 5,
  FH: 1 << 6,
  ATIME_NOW: 1 << 7,
  MTIME_NOW: 1 << 8,
  LOCKOWNER: 1 << 9,
  CTIME: 1 << 10, // 7.23
  KILL_SUIDGID: 1 << 11, // 7.33
} as const;

/** `fuse_getattr_in.getattr_flags` and the same bit in STATX. */
export const GETATTR_FH = 1 << 0;

/** `stx_mask` bits of statx(2) (include/uapi/linux/stat.h). */
export const STATX_MASK = { BASIC_STATS: 0x7ff, BTIME: 0x800 } as const;
