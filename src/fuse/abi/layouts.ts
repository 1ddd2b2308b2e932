/** Sizes in bytes of the structures of include/uapi/linux/fuse.h, as they are since protocol 7.31. */
export const SIZE = {
  IN_HEADER: 40,
  OUT_HEADER: 16,
  ATTR: 88,
  ENTRY_OUT: 128,
  ATTR_OUT: 104,
  OPEN_OUT: 16,
  WRITE_OUT: 8,
  STATFS_OUT: 80,
  XATTR_SIZE_OUT: 8,
  LSEEK_OUT: 8,
  INIT_OUT: 64,
  STATX_OUT: 288, // 7.39
  DIRENT: 24, // without the name
  FORGET_ONE: 16,
  /** `fuse_init_in` before 7.36, and with `flags2` and padding since. */
  INIT_IN: 16,
  INIT_IN_EXTENDED: 64,
  /** `fuse_setxattr_in` without and with FUSE_SETXATTR_EXT (7.33). */
  SETXATTR_IN: 8,
  SETXATTR_IN_EXTENDED: 16,
  NOTIFY_INVAL_INODE: 24,
  NOTIFY_INVAL_ENTRY: 16, // without the name
} as const;

/** The protocol's major version, unchanged since Linux 2.6.14. */
export const PROTOCOL_MAJOR = 7;

/** Linux 5.4. Older kernels lack `max_pages` (7.28) and the cached symlinks (7.28) that we count on. */
export const OLDEST_MINOR = 31;

/** The newest minor whose layouts this code knows. The kernel speaks the smaller of both. */
export const NEWEST_MINOR = 41;

/** Records of a directory are padded to this many bytes (FUSE_REC_ALIGN). */
export const RECORD_ALIGNMENT = 8;

/** The kernel refuses to hand requests to a read buffer below this (FUSE_MIN_READ_BUFFER). */
export const SMALLEST_READ_BUFFER = 8192;

/** What a WRITE request takes besides its payload: `fuse_in_header` and `fuse_write_in`, rounded up to a page. */
export const WRITE_OVERHEAD = 4096;

/** Pages per request at most (FUSE_MAX_MAX_PAGES): 1 MiB requests. */
export const MOST_PAGES = 256;

export const PAGE_SIZE = 4096;
