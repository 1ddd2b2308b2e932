/** How the arguments of a system call name what it works on. */
export type CallShape =
  /** A descriptor. */
  | 'descriptor'
  /** A path, or two. */
  | 'path'
  | 'two-paths'
  /** A directory's descriptor and a path below it, or two such pairs. */
  | 'at'
  | 'two-at';

export interface SystemCall {
  readonly name: string;
  readonly shape: CallShape;
}

const SHAPES: Readonly<Record<CallShape, string>> = {
  descriptor:
    'read write close fstat pread64 pwrite64 readv writev preadv pwritev lseek fsync fdatasync ftruncate fchmod fchown ' +
    'fstatfs fallocate getdents64 fcntl flock copy_file_range sync_file_range fsetxattr fgetxattr flistxattr ' +
    'fremovexattr splice',
  path:
    'open stat lstat access truncate mkdir rmdir creat unlink readlink chmod chown lchown utime utimes mknod statfs ' +
    'setxattr lsetxattr getxattr lgetxattr listxattr llistxattr removexattr lremovexattr',
  'two-paths': 'rename link symlink',
  at:
    'openat openat2 mkdirat mknodat fchownat newfstatat unlinkat readlinkat fchmodat fchmodat2 faccessat faccessat2 ' +
    'utimensat statx',
  'two-at': 'renameat renameat2 linkat',
};

/** Numbers of the kernel's `arch/x86/entry/syscalls/syscall_64.tbl`. */
const X64 =
  'read 0 write 1 open 2 close 3 stat 4 fstat 5 lstat 6 lseek 8 pread64 17 pwrite64 18 readv 19 writev 20 access 21 ' +
  'fcntl 72 flock 73 fsync 74 fdatasync 75 truncate 76 ftruncate 77 rename 82 mkdir 83 rmdir 84 creat 85 link 86 ' +
  'unlink 87 symlink 88 readlink 89 chmod 90 fchmod 91 chown 92 fchown 93 lchown 94 utime 132 mknod 133 statfs 137 ' +
  'fstatfs 138 setxattr 188 lsetxattr 189 fsetxattr 190 getxattr 191 lgetxattr 192 fgetxattr 193 listxattr 194 ' +
  'llistxattr 195 flistxattr 196 removexattr 197 lremovexattr 198 fremovexattr 199 getdents64 217 utimes 235 ' +
  'openat 257 mkdirat 258 mknodat 259 fchownat 260 newfstatat 262 unlinkat 263 renameat 264 linkat 265 readlinkat 267 ' +
  'fchmodat 268 faccessat 269 splice 275 sync_file_range 277 utimensat 280 fallocate 285 preadv 295 pwritev 296 ' +
  'renameat2 316 copy_file_range 326 statx 332 openat2 437 faccessat2 439 fchmodat2 452';

/** Numbers of the kernel's `include/uapi/asm-generic/unistd.h`, which arm64 has. */
const GENERIC =
  'setxattr 5 lsetxattr 6 fsetxattr 7 getxattr 8 lgetxattr 9 fgetxattr 10 listxattr 11 llistxattr 12 flistxattr 13 ' +
  'removexattr 14 lremovexattr 15 fremovexattr 16 fcntl 25 flock 32 mknodat 33 mkdirat 34 unlinkat 35 linkat 37 ' +
  'renameat 38 statfs 43 fstatfs 44 truncate 45 ftruncate 46 fallocate 47 faccessat 48 fchmod 52 fchmodat 53 ' +
  'fchownat 54 fchown 55 openat 56 close 57 getdents64 61 lseek 62 read 63 write 64 readv 65 writev 66 pread64 67 ' +
  'pwrite64 68 preadv 69 pwritev 70 splice 76 readlinkat 78 newfstatat 79 fstat 80 fsync 82 fdatasync 83 ' +
  'sync_file_range 84 utimensat 88 renameat2 276 copy_file_range 285 statx 291 openat2 437 faccessat2 439 fchmodat2 452';

/** A call on files by its number on this machine; `undefined`: it is another one. */
export function systemCall(number: number, architecture: string = process.arch): SystemCall | undefined {
  return tableOf(architecture === 'x64' ? X64 : GENERIC).get(number);
}

const tables = new Map<string, ReadonlyMap<number, SystemCall>>();

function tableOf(text: string): ReadonlyMap<number, SystemCall> {
  const known = tables.get(text);
  if (known !== undefined) return known;
  const shapes = new Map(
    Object.entries(SHAPES).flatMap(
      ([shape, names]) => names.split(' ').map((name) => [name, shape as CallShape] as const), // the keys of SHAPES
    ),
  );
  const table = new Map<number, SystemCall>();
  for (const [, name = '', number = ''] of text.matchAll(/(\w+) (\d+)/g)) {
    const shape = shapes.get(name);
    if (shape !== undefined) table.set(Number(number), { name, shape });
  }
  tables.set(text, table);
  return table;
}
