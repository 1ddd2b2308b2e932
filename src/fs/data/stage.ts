import { mkdir, rm } from 'node:fs/promises';
import { Failure } from '../../errors/failure.js';
import type { ByteBudget } from './byte-budget.js';
import { ExtentMap, LOCAL, SENT, ZEROS, type Content, type Extent, type Slice } from './extents.js';
import { LocalBytes, localFailure } from './local-bytes.js';
import type { Version } from './version.js';

/** Reads bytes of a version; fails rather than answer from another one. */
export type FetchSlice = (
  slice: Slice,
  lengthBytes: number,
  signal: AbortSignal | undefined,
) => Promise<readonly Uint8Array[]>;

export interface StageOptions {
  /** Where its local file is, if it comes to need one. */
  readonly path: string;
  /** Of bytes that are kept in memory instead. */
  readonly memory: ByteBudget;
  readonly fetch: FetchSlice;
  /** Room of all stages on the local disk. */
  readonly space: StageSpace;
}

/** Bytes that stages hold locally, and what they should not exceed. */
export interface StageSpace {
  readonly limitBytes: number;
  usedBytes: number;
}

/** Called before bytes of a range change; `end` is Infinity where the file is cut. */
export type BeforeChange = (start: number, end: number) => Promise<void>;

/**
 * The current content of one file that is being written: bytes that are local, holes, and ranges that are still only on
 * S3 and are fetched when they are read. Callers serialise changes; reads may run at any time.
 * Every method throws Failure `no-space` where the local disk is full, `internal` on any other local error.
 */
export class Stage {
  readonly #extents = new ExtentMap();
  readonly #local: LocalBytes;
  readonly #fetch: FetchSlice;
  readonly #space: StageSpace;
  #countedBytes = 0;
  beforeChange: BeforeChange | undefined;
  /** It is not to be sent while it is written: that was tried in vain. */
  isSentWhole = false;
  readonly #lent = new Set<Version>();
  /** Grows with each change that may take bytes away from under a read. */
  #layout = 0;

  constructor({ path, memory, fetch, space }: StageOptions) {
    this.#local = new LocalBytes(path, memory);
    this.#fetch = fetch;
    this.#space = space;
  }

  get sizeBytes(): number {
    return this.#extents.sizeBytes;
  }

  /** Where each byte is. */
  get extents(): readonly Extent[] {
    return this.#extents.all;
  }

  slices(start: number, end: number): readonly Extent[] {
    return this.#extents.slices(start, end);
  }

  /** Pieces of a range; shorter than asked only at the end of the file. */
  async read(offset: number, lengthBytes: number, signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    for (;;) {
      const layout = this.#layout;
      const slices = this.#extents.slices(offset, offset + lengthBytes);
      try {
        const pieces = await Promise.all(slices.map((slice) => this.#readExtent(slice, signal)));
        if (layout === this.#layout) return pieces.flat();
      } catch (error) {
        if (layout === this.#layout || signal?.aborted === true) throw error;
      }
    }
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    const end = offset + data.length;
    await this.beforeChange?.(offset, end);
    await this.#local.write(offset, data);
    this.#extents.set(offset, end, LOCAL);
    this.#count();
  }

  /** Cuts, or grows by a hole. */
  async truncate(sizeBytes: number): Promise<void> {
    const isCut = sizeBytes < this.sizeBytes;
    if (isCut) {
      await this.beforeChange?.(sizeBytes, Infinity);
      this.#layout += 1;
    }
    this.#extents.truncate(sizeBytes);
    this.#count();
    if (isCut) await this.#local.cut(sizeBytes);
  }

  /** Makes the range read as zeros; grows the file where the range ends beyond it. */
  async zero(offset: number, lengthBytes: number): Promise<void> {
    await this.beforeChange?.(offset, offset + lengthBytes);
    this.#layout += 1;
    await this.#local.clear(offset, lengthBytes);
    this.#extents.set(offset, offset + lengthBytes, ZEROS);
    this.#count();
  }

  /** From now on a range is that of a version, and is read from there. */
  async borrow(offset: number, lengthBytes: number, copy: Slice): Promise<void> {
    await this.beforeChange?.(offset, offset + lengthBytes);
    this.#layout += 1;
    this.#extents.set(offset, offset + lengthBytes, { source: 'away', copy });
    this.#count();
  }

  /** Notes a version of another file: until it is given back its bytes stay readable. */
  lend(version: Version): void {
    if (this.#lent.has(version)) return;
    this.#lent.add(version);
    version.borrowers += 1;
  }

  /** Versions that no range refers to any more; the caller removes those that nobody needs. */
  giveBack(): readonly Version[] {
    const used = this.#versions();
    const unused = [...this.#lent].filter((version) => !used.has(version));
    for (const version of unused) {
      this.#lent.delete(version);
      version.borrowers -= 1;
    }
    return unused;
  }

  /** Makes all bytes local that are not, so that the stage needs S3 no more. */
  async fetchAll(stepBytes: number, signal?: AbortSignal): Promise<void> {
    for (const { start, end, source } of [...this.#extents.all]) {
      if (source !== 'away') continue;
      for (let at = start; at < end; at += stepBytes) {
        let position = at;
        for (const piece of await this.read(at, Math.min(stepBytes, end - at), signal)) {
          await this.write(position, piece);
          position += piece.length;
        }
      }
    }
  }

  /** Starts as an object that is away. */
  base(version: Version): void {
    this.#extents.set(0, version.sizeBytes, { source: 'away', copy: { version, offset: 0 } });
  }

  /** Gives the room of local bytes back that are in a part of an upload, which nothing changes any more. */
  async evictSent(start: number, end: number): Promise<void> {
    await this.#evict(start, end, SENT);
  }

  /** Gives the room of local bytes back that S3 has. */
  async evictSaved(): Promise<void> {
    for (const { start, end, source, copy } of [...this.#extents.all]) {
      if (source === 'local' && copy !== undefined) await this.#evict(start, end, { source: 'away', copy });
    }
  }

  async #evict(start: number, end: number, content: Content): Promise<void> {
    const before = this.#extents.slices(start, end);
    this.#layout += 1;
    this.#extents.set(start, end, content);
    if (await this.#local.release(start, end - start)) this.#count();
    // The disk can not give room back: the bytes are still there.
    else for (const extent of before) this.#extents.set(extent.start, extent.end, extent);
  }

  #count(): void {
    this.#space.usedBytes += this.#extents.localBytes - this.#countedBytes;
    this.#countedBytes = this.#extents.localBytes;
  }

  /** After all was saved: `version` holds the same bytes. */
  rebase(version: Version): void {
    this.#layout += 1;
    this.#extents.rebase(version);
  }

  /** Before S3 loses a version: nobody is to copy from it what is here. */
  forget(version: Version): void {
    this.#extents.forget(version);
  }

  /** The path of a local file of the same size; ranges that are away are holes there. */
  async localFile(): Promise<string> {
    return await this.#local.file(this.sizeBytes);
  }

  /** Never fails: at worst the next mount removes the local file. */
  async discard(): Promise<void> {
    this.#layout += 1;
    this.#extents.truncate(0);
    this.#count();
    await this.#local.discard();
  }

  #versions(): ReadonlySet<Version> {
    const found = new Set<Version>();
    for (const { copy } of this.#extents.all) if (copy !== undefined) found.add(copy.version);
    return found;
  }

  async #readExtent(
    { start, end, source, copy }: Extent,
    signal: AbortSignal | undefined,
  ): Promise<readonly Uint8Array[]> {
    if (source === 'sent') throw new Failure('busy', 'These bytes are in an upload that is not complete');
    if (source === 'zeros') return [Buffer.alloc(end - start)];
    if (source === 'local' || copy === undefined) return [await this.#local.read(start, end - start)];
    return await this.#fetch(copy, end - start, signal);
  }
}

/** Empties and makes the folder of stage files. What lies there was never acknowledged. */
export async function prepareStageFolder(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw localFailure(error, folder);
  }
}
