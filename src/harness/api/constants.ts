/** Numbers of Linux that `fs.constants` lacks; each has the same value on every architecture that Node supports. */

/** renameat2(2), include/uapi/linux/fs.h. */
export const RENAME = { noReplace: 1, exchange: 2, whiteout: 4 } as const;

/** setxattr(2), include/uapi/linux/xattr.h. */
export const XATTR = { create: 1, replace: 2 } as const;

/** Most bytes that an xattr name and value may have (include/uapi/linux/limits.h). */
export const XATTR_NAME_MAX_BYTES = 255;
export const XATTR_SIZE_MAX_BYTES = 65_536;

/** fallocate(2), include/uapi/linux/falloc.h. */
export const FALLOCATE = { keepSize: 1, punchHole: 2, zeroRange: 16 } as const;

/** lseek(2), include/uapi/linux/fs.h. */
export const SEEK = { set: 0, current: 1, end: 2, data: 3, hole: 4 } as const;

/** flock(2), include/uapi/asm-generic/fcntl.h. */
export const LOCK = { shared: 1, exclusive: 2, nonBlocking: 4, unlock: 8 } as const;

/** Longest name in a directory in bytes (NAME_MAX, include/uapi/linux/limits.h). */
export const NAME_MAX_BYTES = 255;

/** Longest path in bytes with its terminating NUL (PATH_MAX, include/uapi/linux/limits.h). */
export const PATH_MAX_BYTES = 4096;
