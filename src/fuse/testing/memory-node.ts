import type { Attributes, InodeId } from '../../fs/operations.js';

export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;

/** One name in a directory; the cookie orders names by their making, so that paging survives changes. */
export interface MemoryLink {
  readonly node: MemoryNode;
  readonly cookie: bigint;
}

/** An inode of the memory file system. */
export class MemoryNode {
  readonly ino: InodeId;
  readonly children = new Map<string, MemoryLink>();
  readonly xattrs = new Map<string, Uint8Array>();
  mode: number;
  uid: number;
  gid: number;
  rdev = 0;
  nlink = 0;
  target = '';
  parent: MemoryNode | undefined;
  atimeNs = nowNs();
  mtimeNs = nowNs();
  ctimeNs = nowNs();
  readonly btimeNs = nowNs();
  sizeBytes = 0;
  /** Lookup count of the kernel. */
  lookups = 0n;
  openHandles = 0;
  #bytes = Buffer.alloc(0);

  constructor(ino: InodeId, mode: number, uid: number, gid: number) {
    this.ino = ino;
    this.mode = mode;
    this.uid = uid;
    this.gid = gid;
  }

  get type(): number {
    return this.mode & S_IFMT;
  }

  attributes(): Attributes {
    const { ino, mode, nlink, uid, gid, rdev, atimeNs, mtimeNs, ctimeNs, btimeNs } = this;
    const sizeBytes = BigInt(this.type === S_IFLNK ? Buffer.byteLength(this.target) : this.sizeBytes);
    const blocks = (sizeBytes + 511n) / 512n;
    return { ino, mode, nlink, uid, gid, rdev, sizeBytes, blocks, atimeNs, mtimeNs, ctimeNs, btimeNs };
  }

  read(offset: number, sizeBytes: number): Uint8Array {
    return this.#bytes.subarray(
      Math.min(offset, this.sizeBytes),
      Math.min(offset + sizeBytes, this.sizeBytes),
    );
  }

  write(offset: number, data: Uint8Array): void {
    const end = offset + data.length;
    if (end > this.sizeBytes) this.resize(end);
    this.#bytes.set(data, offset);
    this.touch();
  }

  resize(sizeBytes: number): void {
    if (sizeBytes > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(sizeBytes, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.sizeBytes);
      this.#bytes = larger;
    }
    if (sizeBytes < this.sizeBytes) this.#bytes.fill(0, sizeBytes, this.sizeBytes);
    this.sizeBytes = sizeBytes;
  }

  /** The content changed. */
  touch(): void {
    this.mtimeNs = nowNs();
    this.ctimeNs = this.mtimeNs;
  }
}

export function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}
