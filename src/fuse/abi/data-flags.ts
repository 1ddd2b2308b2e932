/** `fuse_write_in.write_flags`. */
export const WRITE = {
  CACHE: 1 << 0, // 7.9
  LOCKOWNER: 1 << 1, // 7.9
  KILL_SUIDGID: 1 << 2, // 7.31
} as const;

/** `fuse_fsync_in.fsync_flags`. */
export const FSYNC_DATA_ONLY = 1 << 0;

/** `fuse_release_in.release_flags`. */
export const RELEASE = {
  FLUSH: 1 << 0,
  FLOCK_UNLOCK: 1 << 1, // 7.17
} as const;
