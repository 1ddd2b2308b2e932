/**
 * Flags of INIT, 64 bits since 7.36: the lower half travels in `flags`, the upper in `flags2`. The comment names
 * the protocol minor that added a flag.
 */
export const INIT_FLAG = {
  ASYNC_READ: 1n << 0n,
  POSIX_LOCKS: 1n << 1n,
  FILE_OPS: 1n << 2n,
  ATOMIC_O_TRUNC: 1n << 3n,
  EXPORT_SUPPORT: 1n << 4n, // 7.10
  BIG_WRITES: 1n << 5n, // 7.9
  DONT_MASK: 1n << 6n, // 7.12
  SPLICE_WRITE: 1n << 7n, // 7.14
  SPLICE_MOVE: 1n << 8n, // 7.14
  SPLICE_READ: 1n << 9n, // 7.14
  FLOCK_LOCKS: 1n << 10n, // 7.17
  HAS_IOCTL_DIR: 1n << 11n, // 7.18
  AUTO_INVAL_DATA: 1n << 12n, // 7.20
  DO_READDIRPLUS: 1n << 13n, // 7.21
  READDIRPLUS_AUTO: 1n << 14n, // 7.21
  ASYNC_DIO: 1n << 15n, // 7.22
  WRITEBACK_CACHE: 1n << 16n, // 7.23
  NO_OPEN_SUPPORT: 1n << 17n, // 7.23
  PARALLEL_DIROPS: 1n << 18n, // 7.25
  HANDLE_KILLPRIV: 1n << 19n, // 7.26
  POSIX_ACL: 1n << 20n, // 7.26
  ABORT_ERROR: 1n << 21n, // 7.27
  MAX_PAGES: 1n << 22n, // 7.28
  CACHE_SYMLINKS: 1n << 23n, // 7.28
  NO_OPENDIR_SUPPORT: 1n << 24n, // 7.29
  EXPLICIT_INVAL_DATA: 1n << 25n, // 7.30
  MAP_ALIGNMENT: 1n << 26n, // 7.31
  SUBMOUNTS: 1n << 27n, // 7.32
  HANDLE_KILLPRIV_V2: 1n << 28n, // 7.33
  SETXATTR_EXT: 1n << 29n, // 7.33
  INIT_EXT: 1n << 30n, // 7.36
  SECURITY_CTX: 1n << 32n, // 7.36
  HAS_INODE_DAX: 1n << 33n, // 7.36
  CREATE_SUPP_GROUP: 1n << 34n, // 7.38
  HAS_EXPIRE_ONLY: 1n << 35n, // 7.38
  DIRECT_IO_ALLOW_MMAP: 1n << 36n, // 7.39
  PASSTHROUGH: 1n << 37n, // 7.40
  NO_EXPORT_SUPPORT: 1n << 38n, // 7.40
  HAS_RESEND: 1n << 39n, // 7.40
  ALLOW_IDMAP: 1n << 40n, // 7.41
  OVER_IO_URING: 1n << 41n, // 7.42
  REQUEST_TIMEOUT: 1n << 42n, // 7.43
} as const;

export type InitFlagName = keyof typeof INIT_FLAG;

/** Taken wherever the kernel offers them. */
export const WANTED_INIT_FLAGS = [
  'ASYNC_READ', // several reads of one file at a time
  'ATOMIC_O_TRUNC', // open(2) with O_TRUNC arrives as one request
  'BIG_WRITES',
  'AUTO_INVAL_DATA', // pages go when size or mtime changed on the server
  'DO_READDIRPLUS',
  'READDIRPLUS_AUTO', // attributes come along while somebody looks at them
  'ASYNC_DIO',
  'PARALLEL_DIROPS',
  'ABORT_ERROR', // tells an aborted connection from an unmounted one
  'MAX_PAGES',
  'CACHE_SYMLINKS',
  'HANDLE_KILLPRIV_V2', // else each write(2) costs a GETXATTR of security.capability
  'INIT_EXT',
  'PASSTHROUGH', // only where the mount asks for it
  'DIRECT_IO_ALLOW_MMAP', // else a shared mapping of a direct-I/O file fails with ENODEV
] as const satisfies readonly InitFlagName[];

/** Not taken, each with its reason; a flag that stands in neither list does not compile. */
export const REFUSED_INIT_FLAGS: Readonly<Record<Exclude<InitFlagName, WantedInitFlag>, string>> = {
  POSIX_LOCKS: 'S3 has no locks: the kernel keeps them, local to this machine',
  FLOCK_LOCKS: 'S3 has no locks: the kernel keeps them, local to this machine',
  FILE_OPS: 'was never used by a kernel',
  EXPORT_SUPPORT: 'inode numbers do not outlive the mount, so NFS handles would go stale',
  NO_EXPORT_SUPPORT: 'handles of cached inodes do no harm',
  DONT_MASK: 'no ACLs, so the kernel applies the umask',
  SPLICE_WRITE: 'bytes pass through our memory anyway',
  SPLICE_MOVE: 'bytes pass through our memory anyway',
  SPLICE_READ: 'bytes pass through our memory anyway',
  HAS_IOCTL_DIR: 'no ioctl is served',
  WRITEBACK_CACHE: 'the kernel would own size and mtime: changes by other S3 clients would be lost',
  NO_OPEN_SUPPORT: 'each open pins one version of the object',
  NO_OPENDIR_SUPPORT: 'each opendir pins one listing',
  HANDLE_KILLPRIV: 'replaced by version 2, which has the rules of the kernel',
  POSIX_ACL: 'no metadata dialect of S3 file systems has ACLs',
  EXPLICIT_INVAL_DATA: 'the opposite of AUTO_INVAL_DATA',
  MAP_ALIGNMENT: 'DAX windows exist on virtiofs only',
  SUBMOUNTS: 'one bucket is one file system',
  SETXATTR_EXT: 'only says something where POSIX_ACL is on',
  SECURITY_CTX: 'no labels are kept; a missing one is EOPNOTSUPP, so that `ls -l` asks once',
  HAS_INODE_DAX: 'DAX windows exist on virtiofs only',
  CREATE_SUPP_GROUP: 'the kernel checks permissions',
  HAS_EXPIRE_ONLY: 'entries are dropped, not aged',
  HAS_RESEND: 'a restarted daemon does not take over a connection',
  ALLOW_IDMAP: 'owners on S3 are plain numbers',
  OVER_IO_URING: 'needs ring memory shared with the kernel',
  REQUEST_TIMEOUT: 'the store bounds its own requests and answers with an error',
};

export type WantedInitFlag = (typeof WANTED_INIT_FLAGS)[number];

/** Splits a set of flags into the two 32-bit words of the wire. */
export function splitInitFlags(flags: bigint): { readonly flags: number; readonly flags2: number } {
  return { flags: Number(flags & 0xffffffffn), flags2: Number(flags >> 32n) };
}

/**
 * The offered ones among {@link WANTED_INIT_FLAGS}.
 *
 * @param passthrough - Whether the mount wants PASSTHROUGH.
 */
export function chooseInitFlags(offered: bigint, passthrough: boolean): bigint {
  let chosen = 0n;
  for (const name of WANTED_INIT_FLAGS) chosen |= INIT_FLAG[name] & offered;
  return passthrough ? chosen : chosen & ~INIT_FLAG.PASSTHROUGH;
}
