import { Failure } from '../errors/failure.js';
import type { FileSystem, HandleId, InodeId, Request } from '../fs/operations.js';

const SUID_SGID = 0o6000;
const CAPABILITY = 'security.capability';

/** Known inodes at most; forgetting one costs a look at it before its next write. */
const MOST_KNOWN = 65_536;

/**
 * Our part of FUSE_HANDLE_KILLPRIV_V2: a write or a truncation takes set-user-id, set-group-id and file
 * capabilities away (as in the VFS). Inodes that were found without them are remembered, so that a stream of
 * writes costs one look.
 */
export class PrivilegeGuard {
  readonly #fileSystem: FileSystem;
  readonly #withoutModeBits = new Set<InodeId>();
  readonly #withoutCapability = new Set<InodeId>();

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem;
  }

  /** Something may have given the inode privileges, or the kernel dropped it. */
  doubt(ino: InodeId): void {
    this.#withoutModeBits.delete(ino);
    this.#withoutCapability.delete(ino);
  }

  /** @returns Whether there is nothing to do, so that hot paths need no await. */
  isClean(ino: InodeId, killModeBits: boolean): boolean {
    return this.#withoutCapability.has(ino) && (!killModeBits || this.#withoutModeBits.has(ino));
  }

  /**
   * @param killModeBits - The kernel found that the caller may not keep set-user-id bits.
   */
  async drop(
    ino: InodeId,
    handle: HandleId | undefined,
    killModeBits: boolean,
    request: Request,
  ): Promise<void> {
    if (!this.#withoutCapability.has(ino)) await this.#dropCapability(ino, request);
    if (killModeBits && !this.#withoutModeBits.has(ino)) await this.#dropModeBits(ino, handle, request);
  }

  async #dropCapability(ino: InodeId, request: Request): Promise<void> {
    try {
      await this.#fileSystem.removexattr(ino, CAPABILITY, request);
    } catch (reason) {
      const { errno } = Failure.from(reason);
      if (errno !== 'ENODATA' && errno !== 'EOPNOTSUPP' && errno !== 'ENOSYS') throw reason;
    }
    remember(this.#withoutCapability, ino);
  }

  async #dropModeBits(ino: InodeId, handle: HandleId | undefined, request: Request): Promise<void> {
    const { attributes } = await this.#fileSystem.getattr(ino, handle, request);
    if ((attributes.mode & SUID_SGID) !== 0) {
      const change = { killPrivileges: true, ...(handle !== undefined && { handle }) };
      await this.#fileSystem.setattr(ino, change, request);
    }
    remember(this.#withoutModeBits, ino);
  }
}

function remember(known: Set<InodeId>, ino: InodeId): void {
  if (known.size >= MOST_KNOWN) known.clear();
  known.add(ino);
}
