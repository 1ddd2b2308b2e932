import type { Access } from '../access-times.js';
import type { Stage } from '../data/stage.js';
import type { UploadStream } from '../data/upload-stream.js';
import type { Version } from '../data/version.js';
import { Catalog } from '../index/catalog.js';
import type { Posix } from '../metadata/posix.js';
import { fileType, S_IFDIR, S_IFLNK, S_IFREG } from '../modes.js';
import type { InodeId } from '../operations.js';
import type { Journaled } from '../write-back/write-back.js';
import type {
  DirectoryNode,
  FileNode,
  LinkGroup,
  Node,
  NodeCommon,
  Place,
  SpecialNode,
  StoredObject,
  SymlinkNode,
} from './node.js';

/** What a new node starts from. */
export interface NodeSeed {
  readonly parent: DirectoryNode | undefined;
  readonly name: string;
  /** Where the number is derived from. */
  readonly key: string;
  /** Where it is not derived from the key. */
  readonly ino?: InodeId;
  readonly posix: Posix;
  readonly object: StoredObject | undefined;
  readonly checkedAtMs: number;
}

/** What tells inodes apart. */
export type NodeNumber = Pick<NodeCommon, 'ino' | 'generation'>;

/** A node of the type that its mode says. */
export function createNode(number: NodeNumber, seed: NodeSeed): Node {
  switch (fileType(seed.posix.mode)) {
    case S_IFDIR:
      return new DirectoryState(number, seed);
    case S_IFREG:
      return new FileState(number, seed);
    case S_IFLNK:
      return new SymlinkState(number, seed);
    default:
      return new SpecialState(number, seed);
  }
}

/**
 * Classes, not literals with a spread: V8 makes one with this many fields in under 1 us, and takes 50 us to copy them
 * into a wider literal one by one, which is most of what a listed name costs.
 */
class CommonState implements NodeCommon {
  readonly ino: InodeId;
  readonly generation: bigint;
  lookups = 0n;
  openCount = 0;
  parent: DirectoryNode | undefined;
  name: string;
  detached = false;
  posix: Posix;
  accessed: Access | undefined = undefined;
  links: LinkGroup | undefined = undefined;
  object: StoredObject | undefined;
  revision = 0;
  checkedAtMs: number;
  lookedUpAtMs = -Infinity;

  constructor({ ino, generation }: NodeNumber, { parent, name, posix, object, checkedAtMs }: NodeSeed) {
    this.ino = ino;
    this.generation = generation;
    this.parent = parent;
    this.name = name;
    this.posix = posix;
    this.object = object;
    this.checkedAtMs = checkedAtMs;
  }
}

class DirectoryState extends CommonState implements DirectoryNode {
  readonly kind = 'directory';
  readonly children = new Map<string, Node>();
  readonly absent = new Map<string, number>();
  readonly catalog = new Catalog();
  subdirectories: number | undefined = undefined;
  timesDirty = false;
  active = 0;
  frozen: Promise<void> | undefined = undefined;
  onIdle: (() => void) | undefined = undefined;
}

class FileState extends CommonState implements FileNode {
  readonly kind = 'file';
  stage: Stage | undefined = undefined;
  stream: UploadStream | undefined = undefined;
  contentDirty = false;
  journaled: Journaled | undefined = undefined;
  writers = 0;
  version: Version | undefined = undefined;
  replacing: Promise<void> | undefined = undefined;
  leaving: Promise<void> | undefined = undefined;
  lastPlace: Place | undefined = undefined;
  contentVersion = 0;
  foreignVersion = 0;
  kernelVersion: number | undefined = undefined;
  recoveryPath: string | undefined = undefined;
  isLost = false;
  isTemporary = false;
}

class SymlinkState extends CommonState implements SymlinkNode {
  readonly kind = 'symlink';
  target: string | undefined = undefined;
}

class SpecialState extends CommonState implements SpecialNode {
  readonly kind = 'special';
}
