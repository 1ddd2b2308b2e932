import { Failure } from '../../errors/failure.js';
import type { FileSystem, HandleId, InodeId } from '../../fs/operations.js';

export interface Descriptor {
  readonly ino: InodeId;
  readonly handle: HandleId;
}

/** The package carries 32-bit descriptors; each holds one reference to its inode until it is released. */
export class Descriptors {
  readonly #fileSystem: FileSystem;
  readonly #open = new Map<number, Descriptor>();
  #last = 0;

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  /** Takes over one reference to the inode. */
  add(descriptor: Descriptor): number {
    do this.#last = (this.#last + 1) & 0x3fff_ffff;
    while (this.#open.has(this.#last));
    this.#open.set(this.#last, descriptor);
    return this.#last;
  }

  get(fd: number): Descriptor {
    const descriptor = this.#open.get(fd);
    if (descriptor === undefined) throw new Failure('bad-handle', `No descriptor ${fd}`);
    return descriptor;
  }

  async release(fd: number): Promise<void> {
    const { ino, handle } = this.get(fd);
    this.#open.delete(fd);
    try {
      await this.#fileSystem.release(ino, handle);
    } finally {
      this.#fileSystem.forget(ino, 1n);
    }
  }
}
