import { hash } from 'node:crypto';
import { Failure } from '../../errors/failure.js';
import type { Posix } from '../metadata/posix.js';
import { ROOT_INODE, type HandleId, type InodeId } from '../operations.js';
import { createNode, type NodeNumber, type NodeSeed } from './create-node.js';
import type { DirectoryNode, Handle, LinkGroup, Node, Place } from './node.js';

/** Forgotten nodes kept for their attributes and stable numbers; about 1 KiB each. */
const IDLE_LIMIT = 50_000;
/** Nodes looked at when one is added: bounds the work where many can not go (directories with children). */
const EVICTION_TRIES = 8;

/** All inodes and open handles of one mount. */
export class InodeTable {
  readonly #nodes = new Map<InodeId, Node>();
  readonly #handles = new Map<HandleId, Handle>();
  /** Nodes that nobody refers to, oldest first. */
  readonly #idle = new Map<InodeId, Node>();
  /** Files with several names, by the id of the group. */
  readonly #linked = new Map<string, Node>();
  #generation = 0n;
  #nextHandle = 1n;
  #nameless = 0;

  /** Makes a node of the type that its mode says and links it below its parent. */
  add(seed: NodeSeed): Node {
    const node = createNode(this.#number(seed), seed);
    this.#nodes.set(node.ino, node);
    this.#idle.set(node.ino, node);
    seed.parent?.children.set(seed.name, node);
    seed.parent?.catalog.noteAdded(seed.name, node.kind === 'directory');
    this.#evict();
    return node;
  }

  /** Makes a file without a name. */
  addNameless(posix: Posix, checkedAtMs: number): Node {
    this.#nameless += 1;
    // No key begins with a slash, so the number is no wish of a name.
    const key = `/${this.#nameless}`;
    const ino = inodeNumber(key);
    const seed = { parent: undefined, name: '', key, ino, posix, object: undefined, checkedAtMs };
    const node = createNode(this.#number(seed), seed);
    node.detached = true;
    if (node.kind === 'file') node.isTemporary = true;
    this.#nodes.set(node.ino, node);
    return node;
  }

  /** Gives a node without a name its first one. */
  attach(node: Node, parent: DirectoryNode, name: string): void {
    node.detached = false;
    this.move(node, parent, name);
  }

  /** @throws Failure `stale` where the kernel names an inode that it was never given or has forgotten. */
  get(ino: InodeId): Node {
    const node = this.#nodes.get(ino);
    if (node === undefined) throw new Failure('stale', `Inode ${ino} is not known`);
    return node;
  }

  find(ino: InodeId): Node | undefined {
    return this.#nodes.get(ino);
  }

  /** @throws Failure `not-directory`. */
  directory(ino: InodeId): DirectoryNode {
    const node = this.get(ino);
    if (node.kind === 'directory') return node;
    throw new Failure('not-directory', `"${node.name}" is not a directory`);
  }

  all(): IterableIterator<Node> {
    return this.#nodes.values();
  }

  handles(): IterableIterator<Handle> {
    return this.#handles.values();
  }

  reference(node: Node): void {
    node.lookups += 1n;
    this.#idle.delete(node.ino);
  }

  forget(ino: InodeId, count: bigint): void {
    const node = this.#nodes.get(ino);
    if (node === undefined || ino === ROOT_INODE) return;
    node.lookups = node.lookups > count ? node.lookups - count : 0n;
    this.settle(node);
  }

  /** Lets go of a node that nobody refers to: at once where no name leads to it, else when room is needed. */
  settle(node: Node): void {
    if (node.lookups > 0n || node.openCount > 0 || node.ino === ROOT_INODE) return;
    if (node.detached) this.#drop(node);
    else this.#idle.set(node.ino, node);
    this.#evict();
  }

  /** Takes the name away from a node: unlinked, replaced, or gone from S3. */
  detach(node: Node): void {
    for (const place of placesOf(node)) this.dropPlace(node, place);
    this.clearLinks(node);
    node.parent = undefined;
    node.detached = true;
    this.settle(node);
  }

  /** Gives the name that the node stands for another place. */
  move(node: Node, parent: DirectoryNode, name: string): void {
    if (node.parent !== undefined) this.dropPlace(node, { directory: node.parent, name: node.name });
    node.parent = parent;
    node.name = name;
    parent.children.set(name, node);
    parent.catalog.noteAdded(name, node.kind === 'directory');
    node.links?.places.push({ directory: parent, name });
  }

  /** Two nodes change names; each stands for the one that it gives away. */
  swap(one: Node, onePlace: Place, other: Node, otherPlace: Place): void {
    this.dropPlace(one, onePlace);
    this.dropPlace(other, otherPlace);
    this.move(one, otherPlace.directory, otherPlace.name);
    this.move(other, onePlace.directory, onePlace.name);
  }

  /** The node of a link group. */
  linked(id: string): Node | undefined {
    return this.#linked.get(id);
  }

  /** Makes a node one of several names. */
  setLinks(node: Node, links: LinkGroup): void {
    node.links = links;
    this.#linked.set(links.id, node);
    if (node.parent !== undefined) links.places.push({ directory: node.parent, name: node.name });
  }

  /** Makes a node one of a single name again. */
  clearLinks(node: Node): void {
    if (node.links !== undefined && this.#linked.get(node.links.id) === node) {
      this.#linked.delete(node.links.id);
    }
    node.links = undefined;
  }

  addPlace(node: Node, place: Place): void {
    if (place.directory.children.get(place.name) === node) return;
    place.directory.children.set(place.name, node);
    place.directory.catalog.noteAdded(place.name, false);
    node.links?.places.push(place);
    if (node.parent !== undefined) return;
    node.parent = place.directory;
    node.name = place.name;
  }

  /** Forgets one name of a node, which then stands for none where it stood for that. */
  dropPlace(node: Node, { directory, name }: Place): void {
    if (directory.children.get(name) === node) {
      directory.children.delete(name);
      directory.catalog.noteRemoved(name);
    }
    const places = node.links?.places ?? [];
    const at = places.findIndex((place) => place.directory === directory && place.name === name);
    if (at >= 0) places.splice(at, 1);
    if (node.parent === directory && node.name === name) node.parent = undefined;
  }

  /** The handle that was opened last. */
  get newestHandle(): HandleId {
    return (this.#nextHandle - 1n) as HandleId; // as below
  }

  addHandle(make: (id: HandleId) => Handle): HandleId {
    const id = this.#nextHandle as HandleId; // branded here and nowhere else
    this.#nextHandle += 1n;
    const handle = make(id);
    this.#handles.set(id, handle);
    handle.node.openCount += 1;
    this.#idle.delete(handle.node.ino);
    return id;
  }

  /** @throws Failure `bad-handle`. */
  handle<K extends Handle['kind']>(id: HandleId, kind: K): Extract<Handle, { kind: K }> {
    const handle = this.#handles.get(id);
    if (handle?.kind !== kind) throw new Failure('bad-handle', `Handle ${id} is not open`);
    return handle as Extract<Handle, { kind: K }>; // the line above has compared the discriminant
  }

  removeHandle(id: HandleId): Handle | undefined {
    const handle = this.#handles.get(id);
    if (handle === undefined) return undefined;
    this.#handles.delete(id);
    handle.node.openCount -= 1;
    return handle;
  }

  #number({ parent, key, ino }: NodeSeed): NodeNumber {
    this.#generation += 1n;
    const isRoot = parent === undefined && ino === undefined;
    return {
      ino: isRoot ? ROOT_INODE : this.#freeNumber(ino ?? inodeNumber(key)),
      generation: this.#generation,
    };
  }

  #freeNumber(wish: InodeId): InodeId {
    let number = wish;
    while (number <= ROOT_INODE || this.#nodes.has(number)) number = (number + 1n) as InodeId;
    return number;
  }

  #evict(): void {
    let tries = EVICTION_TRIES;
    for (const [ino, node] of this.#idle) {
      if (this.#idle.size <= IDLE_LIMIT || tries === 0) return;
      tries -= 1;
      this.#idle.delete(ino);
      if (isEvictable(node)) this.#drop(node);
      else if (node.lookups === 0n && node.openCount === 0) this.#idle.set(ino, node);
    }
  }

  #drop(node: Node): void {
    for (const { directory, name } of placesOf(node)) {
      if (directory.children.get(name) === node) directory.children.delete(name);
    }
    this.clearLinks(node);
    this.#nodes.delete(node.ino);
    this.#idle.delete(node.ino);
  }
}

/**
 * The number that a key gets while it is free: the same in the next mount, because git and tar look at it. 52 bits are
 * exact in a double.
 */
export function inodeNumber(key: string): InodeId {
  return BigInt(`0x${hash('sha1', key, 'hex').slice(0, 13)}`) as InodeId; // branded here
}

function placesOf(node: Node): readonly Place[] {
  const own = node.parent === undefined ? [] : [{ directory: node.parent, name: node.name }];
  return [...own, ...(node.links?.places ?? [])];
}

function isEvictable(node: Node): boolean {
  if (node.lookups > 0n || node.openCount > 0) return false;
  if (node.kind === 'directory') return node.children.size === 0 && !node.timesDirty && node.active === 0;
  return node.kind !== 'file' || (node.stage === undefined && !node.contentDirty);
}
