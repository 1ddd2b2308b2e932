import type { AttributeChange, HandleId, InodeId } from '../../fs/operations.js';

/** `fuse_in_header`. */
export interface RequestHeader {
  readonly opcode: number;
  /** Names the request in its reply and in INTERRUPT. */
  readonly unique: bigint;
  readonly nodeId: InodeId;
  readonly uid: number;
  readonly gid: number;
  readonly pid: number;
}

export interface InitOffer {
  readonly op: 'init';
  readonly major: number;
  readonly minor: number;
  readonly maxReadaheadBytes: number;
  readonly flags: bigint;
}

export interface Forgotten {
  readonly nodeId: InodeId;
  readonly count: bigint;
}

/** A request of the kernel, told apart by `op`. Names are decoded as `src/fs/name-bytes.ts` says. */
export type Operation =
  | InitOffer
  | { readonly op: 'destroy' }
  | { readonly op: 'interrupt'; readonly unique: bigint }
  | { readonly op: 'forget'; readonly forgotten: readonly Forgotten[] }
  | { readonly op: 'lookup'; readonly name: string }
  | { readonly op: 'getattr'; readonly handle: HandleId | undefined }
  | { readonly op: 'statx'; readonly handle: HandleId | undefined }
  | { readonly op: 'setattr'; readonly change: AttributeChange }
  | { readonly op: 'readlink' }
  | { readonly op: 'symlink'; readonly name: string; readonly target: string }
  | { readonly op: 'mknod'; readonly name: string; readonly mode: number; readonly rdev: number }
  | { readonly op: 'mkdir'; readonly name: string; readonly mode: number }
  | { readonly op: 'unlink'; readonly name: string }
  | { readonly op: 'rmdir'; readonly name: string }
  | {
      readonly op: 'rename';
      readonly name: string;
      readonly newParent: InodeId;
      readonly newName: string;
      readonly flags: number;
    }
  | { readonly op: 'link'; readonly source: InodeId; readonly name: string }
  | { readonly op: 'open'; readonly flags: number; readonly killPrivileges: boolean }
  | { readonly op: 'opendir'; readonly flags: number }
  | { readonly op: 'tmpfile'; readonly mode: number; readonly flags: number }
  | { readonly op: 'create'; readonly name: string; readonly mode: number; readonly flags: number }
  | { readonly op: 'read'; readonly handle: HandleId; readonly offset: bigint; readonly sizeBytes: number }
  | {
      readonly op: 'write';
      readonly handle: HandleId;
      readonly offset: bigint;
      /** A view on the read buffer. */
      readonly data: Uint8Array;
      readonly killPrivileges: boolean;
      /** Pages of a shared mapping: the handle is any that may write, not the one of the mapping. */
      readonly isWriteBack: boolean;
    }
  | { readonly op: 'flush'; readonly handle: HandleId }
  | { readonly op: 'fsync'; readonly handle: HandleId; readonly dataOnly: boolean }
  | { readonly op: 'fsyncdir'; readonly handle: HandleId }
  | { readonly op: 'release'; readonly handle: HandleId }
  | { readonly op: 'releasedir'; readonly handle: HandleId }
  | {
      readonly op: 'readdir';
      readonly handle: HandleId;
      readonly cookie: bigint;
      readonly sizeBytes: number;
      readonly plus: boolean;
    }
  | {
      readonly op: 'fallocate';
      readonly handle: HandleId;
      readonly mode: number;
      readonly offset: bigint;
      readonly lengthBytes: bigint;
    }
  | {
      readonly op: 'copyFileRange';
      readonly handle: HandleId;
      readonly offset: bigint;
      readonly to: { readonly ino: InodeId; readonly handle: HandleId; readonly offset: bigint };
      readonly lengthBytes: bigint;
      /** The answer has 64 bits (COPY_FILE_RANGE_64). */
      readonly wide: boolean;
    }
  | { readonly op: 'lseek'; readonly handle: HandleId; readonly offset: bigint; readonly whence: number }
  | { readonly op: 'getxattr'; readonly name: string; readonly sizeBytes: number }
  | { readonly op: 'listxattr'; readonly sizeBytes: number }
  | {
      readonly op: 'setxattr';
      readonly name: string;
      /** A view on the read buffer. */
      readonly value: Uint8Array;
      readonly flags: number;
    }
  | { readonly op: 'removexattr'; readonly name: string }
  | { readonly op: 'statfs' };

export type OperationName = Operation['op'];

/** What the bytes of one read of `/dev/fuse` turned out to be. */
export type Decoded =
  | { readonly kind: 'request'; readonly header: RequestHeader; readonly operation: Operation }
  /** An operation that this code does not serve. */
  | { readonly kind: 'unknown'; readonly header: RequestHeader }
  /** The body does not have the layout of its opcode. */
  | { readonly kind: 'malformed'; readonly header: RequestHeader; readonly reason: string }
  /** Not even a header: there is nothing to answer to. */
  | { readonly kind: 'garbage'; readonly reason: string };
