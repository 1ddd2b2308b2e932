/* eslint-disable @typescript-eslint/require-await -- the contract is asynchronous, memory is not */
import { Failure } from '../../errors/failure.js';
import type * as ops from '../../fs/operations.js';
import { nowNs, S_IFDIR, S_IFLNK, S_IFREG, type MemoryNode } from './memory-node.js';
import { MemoryTree } from './memory-tree.js';

const O_TRUNC = 0o1000;
const XATTR_CREATE = 1;
const XATTR_REPLACE = 2;
const SEEK_HOLE = 4;
const SUID_SGID = 0o6000;

export interface MemoryFileSystemOptions {
  /** How long the kernel may keep names and attributes. @defaultValue 0, so that tests reach the file system. */
  readonly ttlMs?: number;
}

/**
 * A complete file system in memory: the test double of the binding's mount tests and the yardstick of its speed.
 * A read of a file called `hang` waits until its request is interrupted.
 */
export class MemoryFileSystem implements ops.FileSystem {
  readonly tree: MemoryTree;
  capabilities: ops.KernelCapabilities | undefined;
  notifier: ops.KernelNotifier | undefined;
  /** Counts of calls that tests look at. */
  readonly counts = { stop: 0, hanging: 0, interrupted: 0, write: 0, getxattr: 0 };
  readonly #open = new Map<ops.HandleId, MemoryNode>();
  readonly #hanging = new Set<MemoryNode>();
  #lastHandle = 0n;

  constructor(options: MemoryFileSystemOptions = {}) {
    this.tree = new MemoryTree(options.ttlMs ?? 0);
  }

  get openHandles(): number {
    return this.#open.size;
  }

  async start(capabilities: ops.KernelCapabilities, notifier: ops.KernelNotifier): Promise<void> {
    this.capabilities = capabilities;
    this.notifier = notifier;
  }

  async stop(): Promise<void> {
    this.counts.stop += 1;
  }
  async sync(): Promise<void> {}
  tmpfile = (): Promise<ops.Created> => Promise.reject(new Failure('unsupported', 'No file without a name'));

  async lookup(parent: ops.InodeId, name: string): Promise<ops.Entry> {
    return this.tree.entry(this.tree.child(parent, name));
  }

  forget(ino: ops.InodeId, count: bigint): void {
    this.tree.forget(ino, count);
  }

  async getattr(ino: ops.InodeId): Promise<ops.TimedAttributes> {
    return this.tree.describe(this.tree.node(ino));
  }

  async setattr(ino: ops.InodeId, change: ops.AttributeChange): Promise<ops.TimedAttributes> {
    const node = this.tree.node(ino);
    const now = nowNs();
    if (change.sizeBytes !== undefined) {
      node.resize(Number(change.sizeBytes));
      node.touch();
    }
    if (change.mode !== undefined) node.mode = node.type | (change.mode & 0o7777);
    if (change.killPrivileges === true) node.mode &= ~SUID_SGID;
    node.uid = change.uid ?? node.uid;
    node.gid = change.gid ?? node.gid;
    if (change.atimeNs !== undefined) node.atimeNs = change.atimeNs === 'now' ? now : change.atimeNs;
    if (change.mtimeNs !== undefined) node.mtimeNs = change.mtimeNs === 'now' ? now : change.mtimeNs;
    node.ctimeNs = change.ctimeNs ?? now;
    return this.tree.describe(node);
  }

  async readlink(ino: ops.InodeId): Promise<string> {
    return this.tree.node(ino).target;
  }

  async symlink(parent: ops.InodeId, name: string, target: string, request: ops.Request): Promise<ops.Entry> {
    const node = this.tree.make(parent, name, S_IFLNK | 0o777, request);
    node.target = target;
    return this.tree.entry(node);
  }

  async mknod(
    parent: ops.InodeId,
    name: string,
    mode: number,
    rdev: number,
    request: ops.Request,
  ): Promise<ops.Entry> {
    const node = this.tree.make(parent, name, mode, request);
    node.rdev = rdev;
    return this.tree.entry(node);
  }

  async mkdir(parent: ops.InodeId, name: string, mode: number, request: ops.Request): Promise<ops.Entry> {
    return this.tree.entry(this.tree.make(parent, name, S_IFDIR | mode, request));
  }

  async unlink(parent: ops.InodeId, name: string): Promise<void> {
    this.tree.remove(parent, name, false);
  }

  async rmdir(parent: ops.InodeId, name: string): Promise<void> {
    this.tree.remove(parent, name, true);
  }

  async rename(
    parent: ops.InodeId,
    name: string,
    newParent: ops.InodeId,
    newName: string,
    flags: number,
  ): Promise<void> {
    this.tree.rename(parent, name, newParent, newName, flags);
  }

  async link(ino: ops.InodeId, newParent: ops.InodeId, newName: string): Promise<ops.Entry> {
    const directory = this.tree.directory(newParent);
    if (directory.children.has(newName)) throw new Failure('exists', `Exists: ${newName}`);
    const node = this.tree.node(ino);
    this.tree.attach(directory, newName, node);
    return this.tree.entry(node);
  }

  async open(ino: ops.InodeId, flags: number): Promise<ops.Opened> {
    const node = this.tree.node(ino);
    if ((flags & O_TRUNC) !== 0) {
      node.resize(0);
      node.touch();
    }
    return this.#opened(node);
  }

  async create(
    parent: ops.InodeId,
    name: string,
    mode: number,
    _flags: number,
    request: ops.Request,
  ): Promise<ops.Created> {
    const node = this.tree.make(parent, name, S_IFREG | (mode & 0o7777), request);
    if (name === 'hang') this.#hanging.add(node);
    return { ...this.#opened(node), entry: this.tree.entry(node) };
  }

  async read(
    ino: ops.InodeId,
    _handle: ops.HandleId,
    offset: bigint,
    sizeBytes: number,
    request: ops.Request,
  ): Promise<readonly Uint8Array[]> {
    const node = this.tree.node(ino);
    if (this.#hanging.has(node)) await this.#untilInterrupted(request.signal);
    return [node.read(Number(offset), sizeBytes)];
  }

  async write(ino: ops.InodeId, _handle: ops.HandleId, offset: bigint, data: Uint8Array): Promise<number> {
    this.counts.write += 1;
    this.tree.node(ino).write(Number(offset), data);
    return data.length;
  }

  // Memory is as durable as it gets.
  async flush(): Promise<void> {}

  async fsync(): Promise<void> {}

  async release(_ino: ops.InodeId, handle: ops.HandleId): Promise<void> {
    const node = this.#open.get(handle);
    if (node === undefined) throw new Failure('bad-handle', `No handle ${handle.toString()}`);
    this.#open.delete(handle);
    node.openHandles -= 1;
    this.tree.reap(node);
  }

  async fallocate(
    ino: ops.InodeId,
    _handle: ops.HandleId,
    mode: number,
    offset: bigint,
    lengthBytes: bigint,
  ): Promise<void> {
    if (mode !== 0) throw new Failure('unsupported', 'Only plain allocation');
    const node = this.tree.node(ino);
    node.resize(Math.max(node.sizeBytes, Number(offset + lengthBytes)));
  }

  async lseek(ino: ops.InodeId, _handle: ops.HandleId, offset: bigint, whence: number): Promise<bigint> {
    const size = BigInt(this.tree.node(ino).sizeBytes);
    if (offset >= size) throw new Failure('no-data-beyond', 'Past the end');
    return whence === SEEK_HOLE ? size : offset;
  }

  async copyFileRange(): Promise<never> {
    throw new Failure('not-implemented', 'The kernel copies');
  }

  async opendir(ino: ops.InodeId): Promise<ops.Opened> {
    return this.#opened(this.tree.directory(ino));
  }

  async readdir(
    ino: ops.InodeId,
    _handle: ops.HandleId,
    cookie: bigint,
    plus: boolean,
    sink: ops.DirectorySink,
  ): Promise<void> {
    const node = this.tree.directory(ino);
    const parent = node.parent ?? node;
    if (cookie < 1n && !sink.add({ name: '.', ino, type: S_IFDIR, nextCookie: 1n })) return;
    if (cookie < 2n && !sink.add({ name: '..', ino: parent.ino, type: S_IFDIR, nextCookie: 2n })) return;
    for (const [name, link] of node.children) {
      if (link.cookie <= cookie) continue;
      const child = link.node;
      const entry = { name, ino: child.ino, type: child.type, nextCookie: link.cookie };
      if (!sink.add(entry, plus ? this.tree.describe(child) : undefined)) return;
      if (plus) child.lookups += 1n;
    }
  }

  async fsyncdir(): Promise<void> {
    // Memory is as durable as it gets.
  }

  async releasedir(ino: ops.InodeId, handle: ops.HandleId): Promise<void> {
    await this.release(ino, handle);
  }

  async getxattr(ino: ops.InodeId, name: string): Promise<Uint8Array> {
    this.counts.getxattr += 1;
    const value = this.tree.node(ino).xattrs.get(name);
    if (value === undefined) throw new Failure('no-attribute', `No attribute ${name}`);
    return value;
  }

  async listxattr(ino: ops.InodeId): Promise<readonly string[]> {
    return [...this.tree.node(ino).xattrs.keys()];
  }

  async setxattr(ino: ops.InodeId, name: string, value: Uint8Array, flags: number): Promise<void> {
    const { xattrs } = this.tree.node(ino);
    if (flags === XATTR_CREATE && xattrs.has(name)) throw new Failure('exists', `Has ${name}`);
    if (flags === XATTR_REPLACE && !xattrs.has(name)) throw new Failure('no-attribute', `Has no ${name}`);
    xattrs.set(name, Uint8Array.from(value));
  }

  async removexattr(ino: ops.InodeId, name: string): Promise<void> {
    const present = this.tree.node(ino).xattrs.delete(name);
    if (!present) throw new Failure('no-attribute', `Has no ${name}`);
  }

  async statfs(): Promise<ops.FileSystemStatistics> {
    const blocks = 1n << 28n;
    const files = BigInt(this.tree.nodeCount);
    return {
      blockSizeBytes: 4096,
      blocks,
      blocksFree: blocks,
      blocksAvailable: blocks,
      files: files + blocks,
      filesFree: blocks,
      nameMaxBytes: 255,
    };
  }

  #opened(node: MemoryNode): ops.Opened {
    // The brand is made here: this is where handle numbers come from.
    const handle = ++this.#lastHandle as ops.HandleId;
    node.openHandles += 1;
    this.#open.set(handle, node);
    // Only direct reads are interruptible: of buffered ones the kernel just stops waiting.
    return { handle, directIo: this.#hanging.has(node), keepCache: true };
  }

  async #untilInterrupted(signal: AbortSignal): Promise<never> {
    this.counts.hanging += 1;
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else
        signal.addEventListener(
          'abort',
          () => {
            resolve();
          },
          { once: true },
        );
    });
    this.counts.interrupted += 1;
    throw new Failure('cancelled', 'Interrupted');
  }
}
