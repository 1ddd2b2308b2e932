import koffi from 'koffi';
import { asOtherUser } from './credentials.js';
import { callByName, vectorOf } from './libc-calls.js';
import { bind, check, cString } from './native-call.js';
import type { Syscalls, TimeSpec } from './syscalls.js';

/** fcntl.h and sys/stat.h of Linux; the same on x86-64 and arm64. */
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const UTIME_NOW = 0x3fff_ffffn;
const UTIME_OMIT = 0x3fff_fffen;
const NS_PER_SECOND = 1_000_000_000n;

/**
 * The system calls of the C library that this process runs on. Calls are made by libc symbol, not by number, so
 * nothing but `as` depends on the architecture.
 *
 * @throws NodeJS.ErrnoException from every method, shaped like those of `node:fs`.
 */
export function linuxSyscalls(): Syscalls {
  cached ??= {
    ...nodeCalls(),
    ...xattrCalls(),
    ...descriptorCalls(),
    ...dataCalls(),
    call: callByName,
    vector: vectorOf,
    as: asOtherUser,
  };
  return cached;
}

let cached: Syscalls | undefined;

function nodeCalls(): Pick<Syscalls, 'mknod' | 'utimensat' | 'renameat2'> {
  const mknod = bind('int mknod(const void *path, uint32_t mode, uint64_t device)');
  const utimensat = bind('int utimensat(int dirfd, const void *path, const void *times, int flags)');
  const renameat2 = bind(
    'int renameat2(int fromFd, const void *from, int toFd, const void *to, unsigned int flags)',
  );
  return {
    mknod(path, mode, device) {
      check('mknod', path, mknod(cString(path), mode, device));
    },
    utimensat(path, atime, mtime, options) {
      const times = new BigInt64Array([...timespec(atime), ...timespec(mtime)]);
      const flags = options?.noFollow === true ? AT_SYMLINK_NOFOLLOW : 0;
      check('utimensat', path, utimensat(AT_FDCWD, cString(path), times, flags));
    },
    renameat2(from, to, flags) {
      check('renameat2', from, renameat2(AT_FDCWD, cString(from), AT_FDCWD, cString(to), flags));
    },
  };
}

function xattrCalls(): Pick<Syscalls, 'getxattr' | 'setxattr' | 'listxattr' | 'removexattr'> {
  const getxattr = bind('int64_t getxattr(const void *path, const void *name, void *value, size_t size)');
  const setxattr = bind(
    'int setxattr(const void *path, const void *name, const void *value, size_t size, int flags)',
  );
  const listxattr = bind('int64_t listxattr(const void *path, void *list, size_t size)');
  const removexattr = bind('int removexattr(const void *path, const void *name)');
  return {
    getxattr(path, name, sizeBytes) {
      return sized('getxattr', path, sizeBytes, (buffer) =>
        getxattr(cString(path), cString(name), buffer, buffer.length),
      );
    },
    setxattr(path, name, value, flags = 0) {
      check(
        'setxattr',
        path,
        setxattr(cString(path), cString(name), Buffer.from(value), value.length, flags),
      );
    },
    listxattr(path, sizeBytes) {
      const list = sized('listxattr', path, sizeBytes, (buffer) =>
        listxattr(cString(path), buffer, buffer.length),
      );
      return list.toString('utf8').split('\0').slice(0, -1);
    },
    removexattr(path, name) {
      check('removexattr', path, removexattr(cString(path), cString(name)));
    },
  };
}

function descriptorCalls(): Pick<Syscalls, 'fallocate' | 'lseek' | 'flock' | 'dup'> {
  const fallocate = bind('int fallocate64(int fd, int mode, int64_t offset, int64_t length)');
  const lseek = bind('int64_t lseek64(int fd, int64_t offset, int whence)');
  const flock = bind('int flock(int fd, int operation)');
  const dup = bind('int dup(int fd)');
  return {
    fallocate(fd, mode, offset, lengthBytes) {
      check('fallocate', undefined, fallocate(fd, mode, offset, lengthBytes));
    },
    lseek(fd, offset, whence) {
      return BigInt(check('lseek', undefined, lseek(fd, offset, whence)));
    },
    flock(fd, operation) {
      check('flock', undefined, flock(fd, operation));
    },
    dup(fd) {
      return Number(check('dup', undefined, dup(fd)));
    },
  };
}

/** sys/mman.h of Linux. */
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MS_SYNC = 4;
/** The largest logical block of common devices, open(2) on O_DIRECT. */
const DIRECT_UNIT_BYTES = 4096;
/** A multiple of every page size of Linux. */
const PAGE_BYTES = 65_536;

function dataCalls(): Pick<Syscalls, 'copyFileRange' | 'writeMapped' | 'alignedBuffer'> {
  const copy = bind(
    'int64_t copy_file_range(int from, void *fromAt, int to, void *toAt, size_t length, unsigned int flags)',
  );
  const mmap = bind(
    'intptr_t mmap64(void *at, size_t length, int protection, int flags, int fd, int64_t offset)',
  );
  const memcpy = bind('intptr_t memcpy(intptr_t to, const void *from, size_t length)');
  const msync = bind('int msync(intptr_t at, size_t length, int flags)');
  const munmap = bind('int munmap(intptr_t at, size_t length)');
  return {
    copyFileRange(from, at, to, toAt, lengthBytes) {
      const places = [BigInt64Array.of(at), BigInt64Array.of(toAt)];
      const count = copy(from, places[0], to, places[1], lengthBytes, 0);
      return Number(check('copy_file_range', undefined, count));
    },
    writeMapped(fd, at, bytes) {
      const before = at % PAGE_BYTES;
      const length = before + bytes.length;
      const mapped = mmap(null, length, PROT_READ_WRITE, MAP_SHARED, fd, at - before);
      const start = BigInt(check('mmap', undefined, mapped));
      memcpy(start + BigInt(before), Buffer.from(bytes), bytes.length);
      try {
        check('msync', undefined, msync(start, length, MS_SYNC));
      } finally {
        munmap(start, length);
      }
    },
    alignedBuffer(lengthBytes) {
      const room = Buffer.alloc(lengthBytes + DIRECT_UNIT_BYTES);
      const before = Number(koffi.address(room) % BigInt(DIRECT_UNIT_BYTES));
      const start = (DIRECT_UNIT_BYTES - before) % DIRECT_UNIT_BYTES;
      return room.subarray(start, start + lengthBytes);
    },
  };
}

/** Asks for the size first unless the caller gave one, as getxattr(2) and listxattr(2) want it. */
function sized(
  syscall: string,
  path: string,
  sizeBytes: number | undefined,
  call: (buffer: Buffer) => number | bigint,
): Buffer {
  const room = sizeBytes ?? Number(check(syscall, path, call(Buffer.alloc(0))));
  const buffer = Buffer.alloc(room);
  const length = Number(check(syscall, path, call(buffer)));
  return buffer.subarray(0, length);
}

function timespec(time: TimeSpec): readonly [bigint, bigint] {
  if (time === 'now') return [0n, UTIME_NOW];
  if (time === 'omit') return [0n, UTIME_OMIT];
  // tv_nsec is never negative: a time before 1970 has the next lower second.
  const nanoseconds = ((time.ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return [(time.ns - nanoseconds) / NS_PER_SECOND, nanoseconds];
}
