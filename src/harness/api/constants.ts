/** Numbers of Linux that `fs.constants` lacks; each has the same value on every architecture that Node supports. */

/** renameat2(2), include/uapi/linux/fs.h. */
export const RENAME = { noReplace: 1, exchange: 2, whiteout: 4 } as const;

/** setxattr(2), include/uapi/linux/xattr.h. */
export const XATTR = { create: 1, replace: 2 } as const;

/** Most bytes that an xattr name and value may have (include/uapi/linux/limits.h). */
export const XATTR_NAME_MAX_BYTES = 255;
export const XATTR_SIZE_MAX_BYTES = 65_536;

/** fallocate(2), include/uapi/linux/falloc.h. */
export const FALLOCATE = {
  keepSize: 1,
  punchHole: 2,
  collapseRange: 8,
  zeroRange: 16,
  insertRange: 32,
} as const;

/** lseek(2), include/uapi/linux/fs.h. */
export const SEEK = { set: 0, current: 1, end: 2, data: 3, hole: 4 } as const;

/** flock(2), include/uapi/asm-generic/fcntl.h. */
export const LOCK = { shared: 1, exclusive: 2, nonBlocking: 4, unlock: 8 } as const;

/** Longest name in a directory in bytes (NAME_MAX, include/uapi/linux/limits.h). */
export const NAME_MAX_BYTES = 255;

/** Longest path in bytes with its terminating NUL (PATH_MAX, include/uapi/linux/limits.h). */
export const PATH_MAX_BYTES = 4096;

/** The `*at` calls, include/uapi/linux/fcntl.h. */
export const AT = {
  fdcwd: -100,
  symlinkNoFollow: 0x100,
  removeDirectory: 0x200,
  symlinkFollow: 0x400,
  emptyPath: 0x1000,
} as const;

/** open(2): flags that `fs.constants` lacks; O_TMPFILE goes together with O_DIRECTORY. */
export const O_PATH = 0o10_000_000;
export const O_TMPFILE_BIT = 0o20_000_000;

/** fcntl(2), include/uapi/asm-generic/fcntl.h. */
export const FCNTL = {
  dupFd: 0,
  getFd: 1,
  getFlags: 3,
  setFlags: 4,
  getLock: 5,
  setLock: 6,
  ofdGetLock: 36,
  ofdSetLock: 37,
  dupFdCloseOnExec: 1030,
} as const;

/** preadv2(2), include/uapi/linux/fs.h. */
export const RWF = { highPriority: 1, dataSync: 2, sync: 4, noWait: 8, append: 16 } as const;

/** mmap(2), include/uapi/asm-generic/mman-common.h. */
export const MAP = { shared: 1, private: 2, read: 1, write: 2, sync: 4 } as const;
