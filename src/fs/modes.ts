/** File type and permission bits of `st_mode` (inode(7)) and open(2) flags, as numbers of Linux. */
export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
export const S_ISVTX = 0o1000;
export const S_IXGRP = 0o010;

export const O_ACCMODE = 0o3;
export const O_RDONLY = 0o0;
export const O_WRONLY = 0o1;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NOATIME = 0o1000000;

const TYPES = new Set([S_IFSOCK, S_IFLNK, S_IFREG, S_IFBLK, S_IFDIR, S_IFCHR, S_IFIFO]);

/** The file type bits. */
export function fileType(mode: number): number {
  return mode & S_IFMT;
}

/** Whether the type bits are one of the seven file types. */
export function hasKnownType(mode: number): boolean {
  return TYPES.has(fileType(mode));
}

/** The permission bits with the three special ones. */
export function permissions(mode: number): number {
  return mode & 0o7777;
}

/**
 * The mode after a write or change of owner: set-user-id goes; set-group-id goes where the group may execute, because
 * without that bit it meant mandatory locking (Linux `should_remove_suid`).
 */
export function withoutSetId(mode: number): number {
  if (fileType(mode) === S_IFDIR) return mode;
  const groupBit = (mode & S_IXGRP) === 0 ? 0 : S_ISGID;
  return mode & ~(S_ISUID | groupBit);
}
