/**
 * The contract between the file system and whatever binds it to a kernel (`src/fuse`). It follows the low-level
 * FUSE model (include/uapi/linux/fuse.h): inodes are numbers given out by `lookup` and friends and counted by the
 * kernel until `forget`. Each method answers or throws a `Failure`; the binding turns that into one reply.
 */

/** Given out by lookup/create, counted by the kernel, released by FORGET. Never reused while its count is above zero. */
export type InodeId = bigint & { readonly __brand: 'InodeId' };

/** Given out by open/opendir/create, dead after release. */
export type HandleId = bigint & { readonly __brand: 'HandleId' };

/** The inode of the mount's root directory (FUSE_ROOT_ID). */
export const ROOT_INODE = 1n as InodeId;

/** Who asks, and a signal that fires on FUSE_INTERRUPT or when the mount goes away. */
export interface Request {
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
  readonly signal: AbortSignal;
  /** Fires the signal. */
  abort(): void;
}

/** stat(2) of one inode. Times are signed nanoseconds since the epoch. */
export interface Attributes {
  readonly ino: InodeId;
  /** File type and permission bits, as in `st_mode`. */
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** Device number of device nodes, in the kernel's 32-bit coding; 0 otherwise. */
  readonly rdev: number;
  readonly sizeBytes: bigint;
  /** Count of 512-byte units. */
  readonly blocks: bigint;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Birth time for statx(2), where known. */
  readonly btimeNs?: bigint;
}

/** Attributes with the time that the kernel may keep them. */
export interface TimedAttributes {
  readonly attributes: Attributes;
  readonly attributeTtlMs: number;
}

/** A name resolved to an inode; the kernel's lookup count of that inode grew by one. */
export interface Entry extends TimedAttributes {
  /** Differs between two inodes that got the same number at different times. */
  readonly generation: bigint;
  readonly entryTtlMs: number;
}

/** `undefined` leaves that field alone; `'now'` is UTIME_NOW. */
export interface AttributeChange {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly sizeBytes?: bigint;
  readonly atimeNs?: bigint | 'now';
  readonly mtimeNs?: bigint | 'now';
  readonly ctimeNs?: bigint;
  /** The descriptor of ftruncate(2), fchmod(2) and the like. */
  readonly handle?: HandleId;
  /** The kernel asks to clear set-user-id and set-group-id bits (FATTR_KILL_SUIDGID). */
  readonly killPrivileges?: boolean;
}

export interface Opened {
  readonly handle: HandleId;
  /** Of {@link KernelBacking}: the kernel reads that file and sends no READ (FOPEN_PASSTHROUGH). */
  readonly backingId?: number;
  /** Bypass the page cache for this descriptor (FOPEN_DIRECT_IO). */
  readonly directIo: boolean;
  /** Pages cached by an earlier open are still right (FOPEN_KEEP_CACHE). */
  readonly keepCache: boolean;
}

export interface Created extends Opened {
  readonly entry: Entry;
}

/** One name in a directory. */
export interface DirectoryEntry {
  readonly name: string;
  readonly ino: InodeId;
  /** File type bits of the mode (`S_IFMT`). */
  readonly type: number;
  /** Where to go on after this entry. */
  readonly nextCookie: bigint;
}

/** Takes entries until the kernel's buffer is full. */
export interface DirectorySink {
  /**
   * @param entry - The name.
   * @param full - The looked-up entry; only where the kernel asked for READDIRPLUS and never for `.` and `..`.
   * @returns `false` when it did not fit: the entry was not taken and its lookup count must not grow.
   */
  add(entry: DirectoryEntry, full?: Entry): boolean;
}

/** statfs(2). */
export interface FileSystemStatistics {
  readonly blockSizeBytes: number;
  readonly blocks: bigint;
  readonly blocksFree: bigint;
  readonly blocksAvailable: bigint;
  readonly files: bigint;
  readonly filesFree: bigint;
  readonly nameMaxBytes: number;
}

/** Lends local files to the kernel, which then reads them by itself (FUSE_PASSTHROUGH, Linux 6.9). */
export interface KernelBacking {
  /**
   * @param fd - An open file; the caller closes it, and the kernel keeps its own reference.
   * @returns What `Opened.backingId` takes, or `undefined` where the kernel refuses.
   */
  open(fd: number): number | undefined;
  /** After the last descriptor that uses it was released. */
  close(backingId: number): void;
}

/** What file system and kernel agreed on; immutable after INIT. */
export interface KernelCapabilities {
  /** Absent where the kernel can not do it or the mount does not want it. */
  readonly backing?: KernelBacking;
  /** Largest WRITE payload in bytes. */
  readonly maxWriteBytes: number;
  readonly protocolMinor: number;
}

/** Tells the kernel to drop what it cached. Never call it while holding a lock that a request needs. */
export interface KernelNotifier {
  /** Drops attributes, and pages from `offset` on (`lengthBytes` 0 = to the end; offset -1 = attributes only). */
  invalidateInode(ino: InodeId, offset: bigint, lengthBytes: bigint): void;
  invalidateEntry(parent: InodeId, name: string): void;
}

/**
 * Names are file name bytes decoded losslessly: valid UTF-8 as text, any other byte 0xNN as the lone surrogate
 * U+DCNN (Python's surrogateescape, PEP 383). They hold neither `/` nor NUL.
 */
export interface FileSystem {
  /** Called once, after INIT and before the first request. */
  start(capabilities: KernelCapabilities, notifier: KernelNotifier): Promise<void>;
  /** Flushes all dirty data; called once, at unmount. Rejects if something could not be saved. */
  stop(): Promise<void>;

  /** Saves what is dirty and goes on. Rejects with all that could not be saved; its bytes are in the recovery folder. */
  sync(): Promise<void>;

  lookup(parent: InodeId, name: string, request: Request): Promise<Entry>;
  /** The kernel dropped `count` references. Never fails. */
  forget(ino: InodeId, count: bigint): void;
  getattr(ino: InodeId, handle: HandleId | undefined, request: Request): Promise<TimedAttributes>;
  setattr(ino: InodeId, change: AttributeChange, request: Request): Promise<TimedAttributes>;
  readlink(ino: InodeId, request: Request): Promise<string>;
  symlink(parent: InodeId, name: string, target: string, request: Request): Promise<Entry>;
  /** `mode` has the umask applied already. */
  mknod(parent: InodeId, name: string, mode: number, rdev: number, request: Request): Promise<Entry>;
  mkdir(parent: InodeId, name: string, mode: number, request: Request): Promise<Entry>;
  unlink(parent: InodeId, name: string, request: Request): Promise<void>;
  rmdir(parent: InodeId, name: string, request: Request): Promise<void>;
  /** `flags` as in renameat2(2): RENAME_NOREPLACE 1, RENAME_EXCHANGE 2. */
  rename(
    parent: InodeId,
    name: string,
    newParent: InodeId,
    newName: string,
    flags: number,
    request: Request,
  ): Promise<void>;
  link(ino: InodeId, newParent: InodeId, newName: string, request: Request): Promise<Entry>;

  /** `flags` as in open(2), without O_CREAT and O_EXCL, which the kernel has dealt with. */
  open(ino: InodeId, flags: number, request: Request): Promise<Opened>;
  create(parent: InodeId, name: string, mode: number, flags: number, request: Request): Promise<Created>;
  /** O_TMPFILE of open(2): an open file without a name, to which `link` may give one. */
  tmpfile(parent: InodeId, mode: number, flags: number, request: Request): Promise<Created>;
  /** Shorter than `sizeBytes` only at the end of the file. */
  read(
    ino: InodeId,
    handle: HandleId,
    offset: bigint,
    sizeBytes: number,
    request: Request,
  ): Promise<readonly Uint8Array[]>;
  /**
   * `data` is the binding's own buffer and valid only until the promise settles: copy what must live longer.
   * `isWriteBack`: pages of a shared mapping (FUSE_WRITE_CACHE), which belong at `offset` also where the handle appends.
   * @defaultValue `false`
   */
  write(
    ino: InodeId,
    handle: HandleId,
    offset: bigint,
    data: Uint8Array,
    request: Request,
    isWriteBack?: boolean,
  ): Promise<number>;
  /**
   * close(2) of one descriptor; may be called several times for one handle (dup, fork).
   *
   * @param canStillWrite - Whether the caller has another descriptor to write to this file by, whose close is still to
   *   come. @defaultValue nobody can tell
   */
  flush(ino: InodeId, handle: HandleId, request: Request, canStillWrite?: () => boolean): Promise<void>;
  fsync(ino: InodeId, handle: HandleId, dataOnly: boolean, request: Request): Promise<void>;
  /** The last descriptor of the handle is gone. */
  release(ino: InodeId, handle: HandleId): Promise<void>;
  /** fallocate(2) modes. */
  fallocate(
    ino: InodeId,
    handle: HandleId,
    mode: number,
    offset: bigint,
    lengthBytes: bigint,
    request: Request,
  ): Promise<void>;
  /** lseek(2) with SEEK_DATA (3) or SEEK_HOLE (4). */
  lseek(ino: InodeId, handle: HandleId, offset: bigint, whence: number, request: Request): Promise<bigint>;
  /** copy_file_range(2); `ino` and `handle` are the source. Answers with the bytes copied: fewer only at its end. */
  copyFileRange(
    ino: InodeId,
    handle: HandleId,
    offset: bigint,
    to: { readonly ino: InodeId; readonly handle: HandleId; readonly offset: bigint },
    lengthBytes: bigint,
    request: Request,
  ): Promise<bigint>;

  opendir(ino: InodeId, flags: number, request: Request): Promise<Opened>;
  /** Hands entries after `cookie` (0 = from the start) to the sink, `.` and `..` included. */
  readdir(
    ino: InodeId,
    handle: HandleId,
    cookie: bigint,
    plus: boolean,
    sink: DirectorySink,
    request: Request,
  ): Promise<void>;
  fsyncdir(ino: InodeId, handle: HandleId, request: Request): Promise<void>;
  releasedir(ino: InodeId, handle: HandleId): Promise<void>;

  getxattr(ino: InodeId, name: string, request: Request): Promise<Uint8Array>;
  listxattr(ino: InodeId, request: Request): Promise<readonly string[]>;
  /** `flags`: XATTR_CREATE 1, XATTR_REPLACE 2. */
  setxattr(ino: InodeId, name: string, value: Uint8Array, flags: number, request: Request): Promise<void>;
  removexattr(ino: InodeId, name: string, request: Request): Promise<void>;
  statfs(ino: InodeId, request: Request): Promise<FileSystemStatistics>;
}
