import { Failure } from '../../errors/failure.js';
import {
  ROOT_INODE,
  type Attributes,
  type DirectoryEntry,
  type Entry,
  type FileSystem,
  type HandleId,
  type InodeId,
  type Request,
} from '../operations.js';
import { ROOT } from './fixture.js';

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;

/** Paths instead of inodes, as the kernel would resolve them, and without its caches. */
export class Driver {
  readonly fs: FileSystem;
  readonly #as: Request;

  constructor(fs: FileSystem, as: Request = ROOT) {
    this.fs = fs;
    this.#as = as;
  }

  async entry(path: string): Promise<Entry | undefined> {
    let entry: Entry | undefined;
    for (const name of path.split('/').filter((part) => part !== '')) {
      entry = await this.fs.lookup(entry?.attributes.ino ?? ROOT_INODE, name, this.#as);
    }
    return entry;
  }

  async ino(path: string): Promise<InodeId> {
    return (await this.entry(path))?.attributes.ino ?? ROOT_INODE;
  }

  async stat(path: string): Promise<Attributes> {
    return (await this.fs.getattr(await this.ino(path), undefined, this.#as)).attributes;
  }

  async #parent(path: string): Promise<readonly [InodeId, string]> {
    const cut = path.lastIndexOf('/');
    return [await this.ino(path.slice(0, Math.max(0, cut))), path.slice(cut + 1)];
  }

  async mkdir(path: string, mode = 0o755): Promise<Entry> {
    return await this.fs.mkdir(...(await this.#parent(path)), mode, this.#as);
  }

  async rmdir(path: string): Promise<void> {
    await this.fs.rmdir(...(await this.#parent(path)), this.#as);
  }

  async unlink(path: string): Promise<void> {
    await this.fs.unlink(...(await this.#parent(path)), this.#as);
  }

  async symlink(path: string, target: string): Promise<Entry> {
    return await this.fs.symlink(...(await this.#parent(path)), target, this.#as);
  }

  async mknod(path: string, mode: number, rdev = 0): Promise<Entry> {
    return await this.fs.mknod(...(await this.#parent(path)), mode, rdev, this.#as);
  }

  async rename(from: string, to: string, flags = 0): Promise<void> {
    const [parent, name] = await this.#parent(from);
    await this.fs.rename(parent, name, ...(await this.#parent(to)), flags, this.#as);
  }

  async link(from: string, to: string): Promise<Entry> {
    return await this.fs.link(await this.ino(from), ...(await this.#parent(to)), this.#as);
  }

  async chmod(path: string, mode: number): Promise<void> {
    await this.fs.setattr(await this.ino(path), { mode }, this.#as);
  }

  async open(path: string, flags = O_RDONLY): Promise<OpenFile> {
    try {
      return await this.#openOnce(path, flags);
    } catch (error) {
      // The kernel looks the name up again, once.
      if (!(error instanceof Failure) || error.kind !== 'stale') throw error;
      return await this.#openOnce(path, flags);
    }
  }

  async #openOnce(path: string, flags: number): Promise<OpenFile> {
    const ino = await this.ino(path);
    const { handle } = await this.fs.open(ino, flags, this.#as);
    return new OpenFile(this.fs, ino, handle, this.#as);
  }

  async create(path: string, mode = 0o644, flags = O_RDWR): Promise<OpenFile> {
    const [parent, name] = await this.#parent(path);
    // The kernel looks before it makes.
    await this.fs.lookup(parent, name, this.#as).catch(ignoreMissing);
    const { entry, handle } = await this.fs.create(parent, name, mode, flags, this.#as);
    return new OpenFile(this.fs, entry.attributes.ino, handle, this.#as);
  }

  async writeFile(path: string, bytes: string | Uint8Array): Promise<void> {
    const file = await this.create(path, 0o644, O_RDWR | O_TRUNC);
    await file.write(0, bytes);
    await file.close();
  }

  async readFile(path: string): Promise<string> {
    const file = await this.open(path);
    const { sizeBytes } = await this.stat(path);
    const text = await file.read(0, Number(sizeBytes));
    await file.close();
    return text;
  }

  async list(path: string): Promise<string[]> {
    return (await this.listEntries(path)).map(({ name }) => name);
  }

  /** `ls -l`: names with attributes, which are looked up where the listing brought none. Descriptors as the kernel's. */
  async listFull(path: string, step = 24): Promise<Map<string, Attributes>> {
    const ino = await this.ino(path);
    const { handle } = await this.fs.opendir(ino, 0, this.#as);
    const all = new Map<string, Attributes | undefined>();
    let cookie = 0n;
    for (let taken = -1; taken !== 0;) {
      taken = 0;
      const add = (entry: DirectoryEntry, full?: Entry): boolean => {
        if (taken >= step) return false;
        taken += 1;
        cookie = entry.nextCookie;
        if (entry.name !== '.' && entry.name !== '..') all.set(entry.name, full?.attributes);
        return true;
      };
      await this.fs.readdir(ino, handle, cookie, true, { add }, this.#as);
    }
    await this.fs.releasedir(ino, handle);
    const full = new Map<string, Attributes>();
    for (const [name, attributes] of all) {
      full.set(name, attributes ?? (await this.fs.lookup(ino, name, this.#as)).attributes);
    }
    return full;
  }

  /** All entries but `.` and `..`, taken `step` at a time. */
  async listEntries(path: string, step = 3): Promise<DirectoryEntry[]> {
    const ino = await this.ino(path);
    const { handle } = await this.fs.opendir(ino, 0, this.#as);
    const all: DirectoryEntry[] = [];
    let taken: number;
    do {
      taken = 0;
      const sink = {
        add: (entry: DirectoryEntry): boolean => {
          if (taken >= step) return false;
          taken += 1;
          all.push(entry);
          return true;
        },
      };
      await this.fs.readdir(ino, handle, all.at(-1)?.nextCookie ?? 0n, false, sink, this.#as);
    } while (taken > 0);
    await this.fs.releasedir(ino, handle);
    return all.filter(({ name }) => name !== '.' && name !== '..');
  }
}

/** One descriptor. */
export class OpenFile {
  readonly ino: InodeId;
  readonly handle: HandleId;
  readonly #fs: FileSystem;
  readonly #as: Request;

  constructor(fs: FileSystem, ino: InodeId, handle: HandleId, as: Request) {
    this.#fs = fs;
    this.ino = ino;
    this.handle = handle;
    this.#as = as;
  }

  async write(offset: number, bytes: string | Uint8Array): Promise<void> {
    const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
    await this.#fs.write(this.ino, this.handle, BigInt(offset), data, this.#as);
  }

  async readBytes(offset: number, lengthBytes: number): Promise<Buffer> {
    return Buffer.concat(await this.#fs.read(this.ino, this.handle, BigInt(offset), lengthBytes, this.#as));
  }

  async read(offset: number, lengthBytes: number): Promise<string> {
    return (await this.readBytes(offset, lengthBytes)).toString();
  }

  async stat(): Promise<Attributes> {
    return (await this.#fs.getattr(this.ino, this.handle, this.#as)).attributes;
  }

  async fsync(): Promise<void> {
    await this.#fs.fsync(this.ino, this.handle, false, this.#as);
  }

  async flush(): Promise<void> {
    await this.#fs.flush(this.ino, this.handle, this.#as);
  }

  async release(): Promise<void> {
    await this.#fs.release(this.ino, this.handle);
  }

  async close(): Promise<void> {
    await this.flush();
    await this.release();
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Failure) || error.kind !== 'no-entry') throw error;
}
