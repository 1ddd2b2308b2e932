import type { Attributes, FileSystem, InodeId, Request } from '../../fs/operations.js';
import { ROOT_INODE } from '../../fs/operations.js';
import { CallerRequest } from '../../fs/request.js';

/** Turns paths into inodes by one `lookup` per part, and gives every reference back by `forget`. */
export class PathWalker {
  readonly #fileSystem: FileSystem;

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  /** libfuse 2 tells the caller to C code only; the package does not pass it on. */
  request(): Request {
    return new CallerRequest({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, pid: 0 });
  }

  /** Runs `work` while the inode is held. */
  async at<T>(path: string, work: (ino: InodeId, attributes?: Attributes) => Promise<T>): Promise<T> {
    const held: InodeId[] = [];
    try {
      let ino = ROOT_INODE;
      let attributes: Attributes | undefined;
      for (const name of path.split('/').filter((part) => part !== '')) {
        const entry = await this.#fileSystem.lookup(ino, name, this.request());
        attributes = entry.attributes;
        ino = attributes.ino;
        held.push(ino);
      }
      return await work(ino, attributes);
    } finally {
      for (const ino of held) this.#fileSystem.forget(ino, 1n);
    }
  }

  /** Runs `work` with the directory of a path held, and the last part as name. */
  async in<T>(path: string, work: (parent: InodeId, name: string) => Promise<T>): Promise<T> {
    const slash = path.lastIndexOf('/');
    return this.at(path.slice(0, slash), (parent) => work(parent, path.slice(slash + 1)));
  }
}
