import { Failure } from '../../errors/failure.js';
import { ROOT_INODE, type Entry, type InodeId, type Request } from '../../fs/operations.js';
import { MemoryNode, nowNs, S_IFDIR } from './memory-node.js';

const RENAME_NOREPLACE = 1;
const RENAME_EXCHANGE = 2;

/** Names and inodes of the memory file system. */
export class MemoryTree {
  readonly root = new MemoryNode(
    ROOT_INODE,
    S_IFDIR | 0o755,
    process.getuid?.() ?? 0,
    process.getgid?.() ?? 0,
  );
  readonly #nodes = new Map<InodeId, MemoryNode>([[ROOT_INODE, this.root]]);
  readonly #ttlMs: number;
  #lastNumber = 16n;

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
    this.root.nlink = 2;
    this.root.lookups = 1n;
  }

  get nodeCount(): number {
    return this.#nodes.size;
  }

  node(ino: InodeId): MemoryNode {
    const node = this.#nodes.get(ino);
    if (node === undefined) throw new Failure('stale', `No inode ${ino.toString()}`);
    return node;
  }

  directory(ino: InodeId): MemoryNode {
    const node = this.node(ino);
    if (node.type !== S_IFDIR) throw new Failure('not-directory', 'Not a directory');
    return node;
  }

  child(parent: InodeId, name: string): MemoryNode {
    const link = this.directory(parent).children.get(name);
    if (link === undefined) throw new Failure('no-entry', `No such name: ${name}`);
    return link.node;
  }

  make(parent: InodeId, name: string, mode: number, request: Request): MemoryNode {
    const directory = this.directory(parent);
    if (directory.children.has(name)) throw new Failure('exists', `Exists: ${name}`);
    // The brand is made here: this is where inode numbers come from.
    const node = new MemoryNode(++this.#lastNumber as InodeId, mode, request.uid, request.gid);
    this.#nodes.set(node.ino, node);
    if (node.type === S_IFDIR) node.nlink = 1; // its own "."
    this.attach(directory, name, node);
    return node;
  }

  attach(directory: MemoryNode, name: string, node: MemoryNode): void {
    directory.children.set(name, { node, cookie: ++this.#lastNumber });
    node.nlink += 1;
    if (node.type === S_IFDIR) {
      node.parent = directory;
      directory.nlink += 1;
    }
    directory.touch();
    node.ctimeNs = nowNs();
  }

  detach(directory: MemoryNode, name: string, node: MemoryNode): void {
    directory.children.delete(name);
    node.nlink -= 1;
    if (node.type === S_IFDIR) directory.nlink -= 1;
    directory.touch();
    node.ctimeNs = nowNs();
    this.reap(node);
  }

  remove(parent: InodeId, name: string, wantDirectory: boolean): void {
    const node = this.child(parent, name);
    const isDirectory = node.type === S_IFDIR;
    if (isDirectory && !wantDirectory) throw new Failure('is-directory', 'Is a directory');
    if (!isDirectory && wantDirectory) throw new Failure('not-directory', 'Not a directory');
    if (node.children.size > 0) throw new Failure('not-empty', 'Directory not empty');
    this.detach(this.directory(parent), name, node);
    if (isDirectory) {
      node.nlink = 0;
      this.reap(node);
    }
  }

  rename(parent: InodeId, name: string, newParent: InodeId, newName: string, flags: number): void {
    const node = this.child(parent, name);
    const present = this.directory(newParent).children.get(newName)?.node;
    if (present === node) return;
    if (flags === RENAME_EXCHANGE && present === undefined)
      throw new Failure('no-entry', 'Nothing to exchange');
    if (flags === RENAME_NOREPLACE && present !== undefined) throw new Failure('exists', 'Exists');
    if (present !== undefined && flags !== RENAME_EXCHANGE) {
      this.remove(newParent, newName, node.type === S_IFDIR);
    }
    const source = this.directory(parent);
    const target = this.directory(newParent);
    this.attach(target, newName, node);
    if (flags === RENAME_EXCHANGE && present !== undefined) {
      this.attach(source, name, present);
      present.nlink -= 1;
      if (present.type === S_IFDIR) target.nlink -= 1;
    } else {
      source.children.delete(name);
    }
    node.nlink -= 1;
    if (node.type === S_IFDIR) source.nlink -= 1;
    source.touch();
  }

  /** Hands the node to the kernel: its lookup count grows by one. */
  entry(node: MemoryNode): Entry {
    node.lookups += 1n;
    return this.describe(node);
  }

  describe(node: MemoryNode): Entry {
    const attributes = node.attributes();
    return { attributes, attributeTtlMs: this.#ttlMs, entryTtlMs: this.#ttlMs, generation: 0n };
  }

  forget(ino: InodeId, count: bigint): void {
    const node = this.#nodes.get(ino);
    if (node === undefined) return;
    node.lookups -= count;
    this.reap(node);
  }

  /** An inode ends when no name, no open descriptor and no kernel reference is left. */
  reap(node: MemoryNode): void {
    if (node.nlink <= 0 && node.lookups <= 0n && node.openHandles === 0) this.#nodes.delete(node.ino);
  }
}
