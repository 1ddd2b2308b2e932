import type { Access } from '../access-times.js';
import type { HandleId, InodeId } from '../operations.js';
import type { DirectoryWindow } from '../directory-window.js';
import type { KeptFacts } from '../metadata/kept.js';
import type { Posix } from '../metadata/posix.js';
import type { ReadAhead } from '../../cache/read-ahead.js';
import type { Catalog, ListingDraft } from '../index/catalog.js';
import type { ListedFacts } from '../index/facts.js';
import type { Stage } from '../data/stage.js';
import type { Journaled } from '../write-back/write-back.js';
import type { UploadStream } from '../data/upload-stream.js';
import type { Version } from '../data/version.js';

/** What S3 holds for a node, as last seen or written by us. */
export interface StoredObject extends KeptFacts {
  readonly etag: string;
  readonly sizeBytes: number;
  /** No Last-Modified above this (server's clock) belongs to it; absent: listings can not tell it from a later one. */
  readonly modifiedByMs?: number;
  /** On the clock of `monotonicMs`, where we wrote it. */
  readonly writtenAtMs?: number;
}

/** One name: where it is in the tree. */
export interface Place {
  readonly directory: DirectoryNode;
  readonly name: string;
}

/** The names of a file that has, or had, several. Changed only with the node's lock, or when S3 tells of a change. */
export interface LinkGroup {
  readonly id: string;
  /**
   * Whole keys of all names, with what S3 holds there where that is known: copies of multipart objects have ETags of
   * their own. A node that has no place stands for the first one.
   */
  names: Map<string, StoredObject | undefined>;
  /** Recorded names that another tool has removed or replaced: they do not count until they are found again. */
  readonly lost: Set<string>;
  /** Those of the names that were looked up here. */
  readonly places: Place[];
}

/** The state that every inode has. The file system owns and changes it; see each field for who may. */
export interface NodeCommon {
  readonly ino: InodeId;
  readonly generation: bigint;
  /** References that the kernel counts. */
  lookups: bigint;
  /** Open descriptors. */
  openCount: number;
  /**
   * With {@link NodeCommon.name} the name whose object is {@link NodeCommon.object}. `undefined` for the root, for
   * detached nodes, and for linked ones none of whose names was looked up here.
   */
  parent: DirectoryNode | undefined;
  name: string;
  /** No name leads here any more (unlinked, or replaced by another client while open): nlink is 0. */
  detached: boolean;
  posix: Posix;
  /** Absent: not read since, or the metadata tell of it. */
  accessed: Access | undefined;
  /** Hard links: absent for a file that never had a second name. */
  links: LinkGroup | undefined;
  /** Absent: S3 has nothing yet (new file), or only a prefix (implicit directory). */
  object: StoredObject | undefined;
  /** Grows with each change that we make: an answer that was asked for before the change is out of date. */
  revision: number;
  /** On the clock of `monotonicMs`: when S3 last told us, or we told S3. */
  checkedAtMs: number;
  /** When a lookup last went to S3 for it: the open that follows in the same system call need not go again. */
  lookedUpAtMs: number;
}

/** A prefix. */
export interface DirectoryNode extends NodeCommon {
  readonly kind: 'directory';
  /** Children that are in memory; not a listing. */
  readonly children: Map<string, Node>;
  /** Names that S3 lacked, with the time of the answer. */
  readonly absent: Map<string, number>;
  /** Its last listing and its attribute index. */
  readonly catalog: Catalog;
  /** Number of subdirectories, once a listing or our own mkdir has told it. */
  subdirectories: number | undefined;
  /** Times changed by a change of a child and not yet written to the marker. */
  timesDirty: boolean;
  /** Operations under way in this directory or below it. */
  active: number;
  /** Set while the directory itself is renamed or removed; resolves when that ends. */
  frozen: Promise<void> | undefined;
  /** Called when `active` falls to 0. */
  onIdle: (() => void) | undefined;
}

/**
 * An object. One node is one line of contents that we know: where another client replaces the object while it is open
 * here, the node is detached and the name gets a new one, so that no descriptor ever sees a mix.
 */
export interface FileNode extends NodeCommon {
  readonly kind: 'file';
  /** The current content while the file is written, or while it must outlive its object. */
  stage: Stage | undefined;
  /** The part of the stage that is on its way to S3 while the file is still written. */
  stream: UploadStream | undefined;
  /** The stage (or nothing at all, for a new file) is ahead of S3. */
  contentDirty: boolean;
  /** On the local disk since its last close, until S3 holds it. */
  journaled: Journaled | undefined;
  /** Handles that may write. */
  writers: number;
  /** What `object` is, or was, for those who refer to it. Of another `contentVersion`: out of date. */
  version: Version | undefined;
  /** While we replace or move the object: settles when that is over. */
  replacing: Promise<void> | undefined;
  /** While its last name goes, after open descriptors were provided for: who opens it now waits for the outcome. */
  leaving: Promise<void> | undefined;
  /** The name that went last, or is going. */
  lastPlace: Place | undefined;
  /** Counts contents, whoever changed them: names the blocks in the cache. */
  contentVersion: number;
  /** Counts contents that came from elsewhere; kernel pages of an older count are wrong. */
  foreignVersion: number;
  /** `foreignVersion` of the last open. */
  kernelVersion: number | undefined;
  /** Where a failed upload's bytes are kept. */
  recoveryPath: string | undefined;
  /** Given up before S3 ever held it: the name is free, and nothing may be written here any more. */
  isLost: boolean;
  /** Opened with O_TMPFILE, and not linked yet. */
  isTemporary: boolean;
}

/** An object whose body is the target. */
export interface SymlinkNode extends NodeCommon {
  readonly kind: 'symlink';
  /** Known after we made or read it. */
  target: string | undefined;
}

/** An empty object whose mode says fifo, socket or device. */
export interface SpecialNode extends NodeCommon {
  readonly kind: 'special';
}

export type Node = DirectoryNode | FileNode | SymlinkNode | SpecialNode;

/** One open file. */
export interface FileHandle {
  readonly kind: 'file';
  readonly id: HandleId;
  readonly node: FileNode;
  readonly flags: number;
  readonly writable: boolean;
  readonly readAhead: ReadAhead;
  /** Read by the kernel itself. */
  readonly backingId: number | undefined;
}

/** One open directory. */
export interface DirectoryHandle {
  readonly kind: 'directory';
  readonly id: HandleId;
  readonly node: DirectoryNode;
  window: DirectoryWindow;
  /** Of the names that were listed last. */
  pages: ListedPage[];
  /** What is kept of the listing when it is whole. */
  draft: ListingDraft | undefined;
  /** Names that S3 did not hold when the listing began, and that it has not told of since: they may be there by now. */
  unsaved: Set<string>;
  continuation: string | undefined;
  /** The last key of the page before, without the prefix; absent at the start of a region. */
  lastListed: string | undefined;
  /** The listing has come to the names whose keys would be too long for S3. */
  inOverflow: boolean;
  complete: boolean;
}

/** What one page of a listing says of its objects. */
export interface ListedPage {
  readonly askedMs: number;
  readonly facts: ReadonlyMap<string, ListedFacts>;
}

export interface ListedName {
  readonly name: string;
  /** Type bits of the mode, or 0 where only a HEAD could tell (DT_UNKNOWN). */
  readonly type: number;
}

export type Handle = FileHandle | DirectoryHandle;

/** A file whose bytes, and with them its attributes, S3 does not hold yet. */
export function isDirty(node: Node): boolean {
  return node.kind === 'file' && node.contentDirty;
}

/** A file that is in memory only: S3 must not be asked about it. */
export function isPending(node: Node): boolean {
  return node.kind === 'file' && node.object === undefined && !node.detached;
}

/** Current size in bytes. */
export function sizeOf(node: Node): number {
  if (node.kind === 'file') return node.stage?.sizeBytes ?? node.object?.sizeBytes ?? 0;
  if (node.kind === 'symlink') return node.object?.sizeBytes ?? 0;
  return 0;
}
