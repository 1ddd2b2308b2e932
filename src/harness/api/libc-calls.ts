import koffi from 'koffi';
import { bind, check, cString, type NativeCall } from './native-call.js';
import type { CallArgument } from './syscalls.js';

/**
 * Prototypes of what suites call by name, as in the man pages of section 2. Fixed where C has `...`: integers of such
 * calls go into the same registers on x86-64 and arm64 Linux.
 */
const PROTOTYPES = {
  open: 'int open64(const void *path, int flags, uint32_t mode)',
  openat: 'int openat64(int at, const void *path, int flags, uint32_t mode)',
  close: 'int close(int fd)',
  mkdirat: 'int mkdirat(int at, const void *path, uint32_t mode)',
  mknodat: 'int mknodat(int at, const void *path, uint32_t mode, uint64_t device)',
  unlinkat: 'int unlinkat(int at, const void *path, int flags)',
  linkat: 'int linkat(int at, const void *path, int toAt, const void *to, int flags)',
  symlinkat: 'int symlinkat(const void *target, int at, const void *path)',
  readlinkat: 'int64_t readlinkat(int at, const void *path, void *buffer, size_t size)',
  renameat: 'int renameat(int at, const void *path, int toAt, const void *to)',
  renameat2: 'int renameat2(int at, const void *path, int toAt, const void *to, unsigned int flags)',
  faccessat: 'int faccessat(int at, const void *path, int mode, int flags)',
  fchmodat: 'int fchmodat(int at, const void *path, uint32_t mode, int flags)',
  fchownat: 'int fchownat(int at, const void *path, uint32_t uid, uint32_t gid, int flags)',
  utimensat: 'int utimensat(int at, const void *path, const void *times, int flags)',
  futimens: 'int futimens(int fd, const void *times)',
  statx: 'int statx(int at, const void *path, int flags, unsigned int mask, void *result)',
  fchmod: 'int fchmod(int fd, uint32_t mode)',
  fchown: 'int fchown(int fd, uint32_t uid, uint32_t gid)',
  fchdir: 'int fchdir(int fd)',
  ftruncate: 'int ftruncate64(int fd, int64_t size)',
  read: 'int64_t read(int fd, void *buffer, size_t length)',
  write: 'int64_t write(int fd, const void *buffer, size_t length)',
  pread: 'int64_t pread64(int fd, void *buffer, size_t length, int64_t at)',
  pwrite: 'int64_t pwrite64(int fd, const void *buffer, size_t length, int64_t at)',
  readv: 'int64_t readv(int fd, const void *vector, int count)',
  writev: 'int64_t writev(int fd, const void *vector, int count)',
  preadv: 'int64_t preadv64(int fd, const void *vector, int count, int64_t at)',
  pwritev: 'int64_t pwritev64(int fd, const void *vector, int count, int64_t at)',
  preadv2: 'int64_t preadv64v2(int fd, const void *vector, int count, int64_t at, int flags)',
  pwritev2: 'int64_t pwritev64v2(int fd, const void *vector, int count, int64_t at, int flags)',
  lseek: 'int64_t lseek64(int fd, int64_t offset, int whence)',
  fsync: 'int fsync(int fd)',
  fdatasync: 'int fdatasync(int fd)',
  syncfs: 'int syncfs(int fd)',
  sync_file_range: 'int sync_file_range(int fd, int64_t at, int64_t length, unsigned int flags)',
  posix_fadvise: 'int posix_fadvise64(int fd, int64_t at, int64_t length, int advice)',
  readahead: 'int64_t readahead(int fd, int64_t at, size_t length)',
  fallocate: 'int fallocate64(int fd, int mode, int64_t at, int64_t length)',
  copy_file_range:
    'int64_t copy_file_range(int from, void *fromAt, int to, void *toAt, size_t length, unsigned int flags)',
  sendfile: 'int64_t sendfile64(int to, int from, void *at, size_t length)',
  splice: 'int64_t splice(int from, void *fromAt, int to, void *toAt, size_t length, unsigned int flags)',
  pipe2: 'int pipe2(void *fds, int flags)',
  dup: 'int dup(int fd)',
  dup2: 'int dup2(int from, int to)',
  dup3: 'int dup3(int from, int to, int flags)',
  fcntl: 'int fcntl64(int fd, int command, int64_t value)',
  fcntl_lock: 'int fcntl64(int fd, int command, void *lock)',
  flock: 'int flock(int fd, int operation)',
  ioctl: 'int ioctl(int fd, uint64_t request, void *argument)',
  getdents: 'int64_t getdents64(int fd, void *buffer, size_t length)',
  fgetxattr: 'int64_t fgetxattr(int fd, const void *name, void *value, size_t size)',
  fsetxattr: 'int fsetxattr(int fd, const void *name, const void *value, size_t size, int flags)',
  flistxattr: 'int64_t flistxattr(int fd, void *list, size_t size)',
  fremovexattr: 'int fremovexattr(int fd, const void *name)',
  lgetxattr: 'int64_t lgetxattr(const void *path, const void *name, void *value, size_t size)',
  lsetxattr: 'int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)',
  llistxattr: 'int64_t llistxattr(const void *path, void *list, size_t size)',
  lremovexattr: 'int lremovexattr(const void *path, const void *name)',
  mmap: 'intptr_t mmap64(void *at, size_t length, int protection, int flags, int fd, int64_t offset)',
  munmap: 'int munmap(intptr_t at, size_t length)',
  msync: 'int msync(intptr_t at, size_t length, int flags)',
  memory_write: 'intptr_t memcpy(intptr_t to, const void *from, size_t length)',
  memory_read: 'intptr_t memcpy(void *to, intptr_t from, size_t length)',
} as const;

/** A call that suites make by name. */
export type CallName = keyof typeof PROTOTYPES;

const bound = new Map<CallName, NativeCall>();

/** See `Syscalls.call`. */
export function callByName(name: CallName, ...args: readonly CallArgument[]): bigint {
  let call = bound.get(name);
  if (call === undefined) bound.set(name, (call = bind(PROTOTYPES[name])));
  const result = call(...args.map((each) => (typeof each === 'string' ? cString(each) : each)));
  // The one call that gives its error back instead of -1, posix_fadvise(2).
  if (name === 'posix_fadvise') return BigInt(result);
  const path = args.find((each): each is string => typeof each === 'string');
  return BigInt(check(name, path, result));
}

/** See `Syscalls.vector`; struct iovec of a 64-bit Linux: address, length. */
export function vectorOf(buffers: readonly Uint8Array[]): BigInt64Array {
  return new BigInt64Array(buffers.flatMap((buffer) => [koffi.address(buffer), BigInt(buffer.length)]));
}
