/** Seconds and nanoseconds as utimensat(2) takes them, or its two special values. */
export type TimeSpec = { readonly ns: bigint } | 'now' | 'omit';

import type { CallName } from './libc-calls.js';

/** What a system call takes: a string goes as NUL-terminated UTF-8, bytes by their address. */
export type CallArgument = number | bigint | string | Uint8Array | BigInt64Array | null;

/**
 * System calls that `node:fs` has not. Synchronous; a failed call throws a `NodeJS.ErrnoException` whose `code` is
 * the errno name, like `node:fs`.
 */
export interface Syscalls {
  mknod(path: string, mode: number, device: number): void;
  utimensat(path: string, atime: TimeSpec, mtime: TimeSpec, options?: { readonly noFollow?: boolean }): void;
  renameat2(from: string, to: string, flags: number): void;
  /** `sizeBytes`: room for the value, to see ERANGE. @defaultValue asks the kernel for the size first. */
  getxattr(path: string, name: string, sizeBytes?: number): Buffer;
  setxattr(path: string, name: string, value: Uint8Array, flags?: number): void;
  /** `sizeBytes`: room for the list, to see ERANGE. @defaultValue asks the kernel for the size first. */
  listxattr(path: string, sizeBytes?: number): readonly string[];
  removexattr(path: string, name: string): void;
  fallocate(fd: number, mode: number, offset: bigint, lengthBytes: bigint): void;
  lseek(fd: number, offset: bigint, whence: number): bigint;
  flock(fd: number, operation: number): void;
  /** A second descriptor of the same open file. */
  dup(fd: number): number;
  /** Answers with the bytes copied, which may be fewer. */
  copyFileRange(from: number, at: bigint, to: number, toAt: bigint, lengthBytes: number): number;
  /**
   * Writes through a shared mapping: mmap(2) of whole pages, a copy, msync(2) with MS_SYNC, munmap(2). The range must
   * lie within the file.
   */
  writeMapped(fd: number, at: number, bytes: Uint8Array): void;
  /** Zeros at an address that O_DIRECT takes: a multiple of 4 KiB. */
  alignedBuffer(lengthBytes: number): Buffer;
  /**
   * Any call of `libc-calls.ts`, as its man page has it: `call('mkdirat', fd, 'name', 0o755)`.
   *
   * @returns What the call answers; -1 is thrown.
   */
  call(name: CallName, ...args: readonly CallArgument[]): bigint;
  /** The array of `struct iovec` over these buffers; they must live for as long as it is used. */
  vector(buffers: readonly Uint8Array[]): BigInt64Array;
  /**
   * Makes synchronous calls (`node:fs` with `Sync`, these) as another user without capabilities, and is root again
   * afterwards. Needs root. @throws what `body` throws.
   */
  as<T>(user: OtherUser, body: () => T): T;
}

/** Who makes a call. */
export interface OtherUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups. @defaultValue none */
  readonly groups?: readonly number[];
}
