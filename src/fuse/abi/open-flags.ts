/** `fuse_open_out.open_flags`, from the file system to the kernel. */
export const FOPEN = {
  DIRECT_IO: 1 << 0,
  KEEP_CACHE: 1 << 1,
  NONSEEKABLE: 1 << 2,
  CACHE_DIR: 1 << 3, // 7.28
  STREAM: 1 << 4, // 7.31
  NOFLUSH: 1 << 5, // 7.35
  PARALLEL_DIRECT_WRITES: 1 << 6, // 7.38
  PASSTHROUGH: 1 << 7, // 7.40
} as const;

/** `fuse_open_in.open_flags`, from the kernel to the file system. */
export const OPEN_IN = {
  /** The open truncates, and the caller may not keep set-user-id bits. */
  KILL_SUIDGID: 1 << 0, // 7.33
} as const;
