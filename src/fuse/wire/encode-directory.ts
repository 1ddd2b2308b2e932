import { encodeName } from '../../fs/name-bytes.js';
import type { DirectoryEntry, DirectorySink, Entry } from '../../fs/operations.js';
import { RECORD_ALIGNMENT, SIZE } from '../abi/layouts.js';
import { writeEntry } from './encode-attributes.js';

/** Packs `fuse_dirent` or `fuse_direntplus` records until the size that the kernel asked for is used up. */
export class DirectoryPacker implements DirectorySink {
  /** Entries whose lookup count the kernel will take over with this reply. */
  readonly entries: Entry[] = [];
  readonly #buffer: Buffer;
  readonly #plus: boolean;
  #used = 0;

  constructor(sizeBytes: number, plus: boolean) {
    this.#buffer = Buffer.allocUnsafe(sizeBytes);
    this.#plus = plus;
  }

  add(entry: DirectoryEntry, full?: Entry): boolean {
    const name = encodeName(entry.name);
    const prefix = this.#plus ? SIZE.ENTRY_OUT : 0;
    const unpadded = prefix + SIZE.DIRENT + name.length;
    const length = Math.ceil(unpadded / RECORD_ALIGNMENT) * RECORD_ALIGNMENT;
    const at = this.#used;
    if (at + length > this.#buffer.length) return false;
    if (this.#plus) this.#writeFull(at, full);
    const dirent = at + prefix;
    this.#buffer.writeBigUInt64LE(entry.ino, dirent);
    this.#buffer.writeBigUInt64LE(entry.nextCookie, dirent + 8);
    this.#buffer.writeUInt32LE(name.length, dirent + 16);
    this.#buffer.writeUInt32LE((entry.type >>> 12) & 0xf, dirent + 20); // DT_* is S_IFMT shifted down
    name.copy(this.#buffer, dirent + SIZE.DIRENT);
    this.#buffer.fill(0, at + unpadded, at + length);
    this.#used = at + length;
    return true;
  }

  /** The records so far. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#used);
  }

  /** An entry with inode 0 tells the kernel to look the name up itself. */
  #writeFull(at: number, full: Entry | undefined): void {
    if (full === undefined) {
      this.#buffer.fill(0, at, at + SIZE.ENTRY_OUT);
      return;
    }
    writeEntry(this.#buffer, at, full);
    this.entries.push(full);
  }
}
