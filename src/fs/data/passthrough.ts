import type { FileNode } from '../nodes/node.js';
import type { KernelBacking } from '../operations.js';
import type { Context } from '../context.js';
import { sourceOf } from './source.js';
import { versionOf } from './version.js';

/** Below, one READ request does it: opening a second file costs more. */
const LEAST_BYTES = 128 * 1024;

interface Backing {
  readonly id: number;
  handles: number;
}

/** A local file that holds a node's object, checked and open. */
export interface LentFile {
  readonly fd: number;
  close(): Promise<void>;
}

/**
 * Files that the kernel reads by itself from the disk tier (FUSE_PASSTHROUGH). An inode is either in this mode or in
 * that of the page cache: the kernel fails an open that mixes them with EIO (fs/fuse/iomode.c). So a node gets a backing
 * file only while nothing else has it open, and each further open gets the same one. A writer could not be served that
 * way, for its bytes must pass through us: only mounts that are read-only use it.
 */
export class Passthrough {
  #kernel: KernelBacking | undefined;
  readonly #backings = new Map<FileNode, Backing>();
  #opens = 0;

  /** @param kernel - Absent where kernel, rights or options do not allow it. */
  start(kernel: KernelBacking | undefined): void {
    this.#kernel = kernel;
  }

  /** Descriptors that the kernel served by itself so far. */
  get opens(): number {
    return this.#opens;
  }

  /** Finds the file to lend for the next {@link take}. Never fails: without one the mount serves the reads. */
  async find(context: Context, node: FileNode): Promise<LentFile | undefined> {
    const { object } = node;
    if (this.#kernel === undefined || object === undefined || object.sizeBytes < LEAST_BYTES)
      return undefined;
    if (node.openCount > 0 || this.#backings.has(node)) return undefined;
    const version = versionOf(node, object);
    await version.damage?.forgotten;
    const file = await context.disk?.lend(sourceOf(context, version));
    // The object may have been replaced meanwhile.
    if (file !== undefined && node.object === object) return file;
    await file?.close();
    return undefined;
  }

  /** The backing of a new descriptor, to be given back by {@link release}. Call it in one go with the handle's making. */
  take(node: FileNode, file: LentFile | undefined): number | undefined {
    const backing = this.#backings.get(node) ?? this.#lend(node, file);
    if (backing === undefined) return undefined;
    backing.handles += 1;
    this.#opens += 1;
    return backing.id;
  }

  release(node: FileNode): void {
    const backing = this.#backings.get(node);
    if (backing === undefined) return;
    backing.handles -= 1;
    if (backing.handles > 0) return;
    this.#backings.delete(node);
    this.#kernel?.close(backing.id);
  }

  #lend(node: FileNode, file: LentFile | undefined): Backing | undefined {
    if (file === undefined || node.openCount > 0) return undefined;
    const id = this.#kernel?.open(file.fd);
    if (id === undefined) {
      this.#kernel = undefined; // refused once, for the folder's file system or for lack of rights: refused always
      return undefined;
    }
    const backing = { id, handles: 0 };
    this.#backings.set(node, backing);
    return backing;
  }
}
