import { rmdir, statfs, type FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Failure } from '../../errors/failure.js';
import type { Log } from '../../log/log.js';
import type { BlockSource, LowerTier } from '../block-cache.js';
import type { SpanBlock } from '../span.js';
import { removeObject, type CachedObject } from './cached-object.js';
import { Catalog, scanFolder } from './catalog.js';
import { identify, pathsOf, type ObjectIdentity } from './identity.js';
import { OpenObjects } from './open-objects.js';
import { ensurePrivateFolder } from './private-folder.js';
import { VerifiedFiles } from './verified.js';
import { WriteQueue, type BlockRun } from './write-queue.js';

export interface DiskTierOptions {
  /** Of this process alone: its owner holds a lock on it or above it. */
  readonly folder: string;
  /** Bytes on disk. */
  readonly limitBytes: number;
  readonly blockBytes: number;
  /** Bytes in memory that wait for the disk. */
  readonly queueBytes: number;
  /** Free bytes that are left to others on the disk. @defaultValue 1 GiB */
  readonly reservedBytes?: number;
  readonly log: Log;
}

/** What the disk tier did since the mount began; all but the first three only grow. */
export interface DiskTierCounters {
  readonly usedBytes: number;
  readonly limitBytes: number;
  readonly objects: number;
  readonly hitBlocks: number;
  readonly hitBytes: number;
  readonly writtenBytes: number;
  /** Not kept: the disk did not keep up, or writing was paused. */
  readonly skippedBlocks: number;
  /** Found with a wrong checksum or cut short, and fetched again. */
  readonly damagedBlocks: number;
  readonly evictedObjects: number;
  /** Local reads and writes that failed. */
  readonly errors: number;
}

/** After a failed write: long enough not to hammer a full disk, short enough to come back after a clean-up. */
const PAUSE_MS = 30_000;
/** Two files each; an index line of about 150 bytes. */
const MOST_OBJECTS = 100_000;
/** Sums of larger objects would not fit in memory: 8 MiB of them for 128 GiB. */
const MOST_BLOCKS = 1 << 20;
const RESERVED_BYTES = 1024 ** 3;
const CHECK_SPACE_EVERY_BYTES = 64 * 1024 * 1024;
/** Larger files are checked in the background before they are lent: 256 MiB take a third of a second. */
const CHECK_AT_ONCE_BYTES = 256 * 1024 * 1024;
/** How long an unmount waits for blocks that are still to be written. */
const STOP_LIMIT_MS = 5_000;

/**
 * Blocks of objects on the local disk, below those in memory: a sparse plain file per version of an object, and
 * checksums beside it that are looked at with every read. Nothing here ever fails a reader: what can not be read from
 * the disk comes from S3, and what can not be written is not kept.
 */
export class DiskTier implements LowerTier {
  readonly #options: DiskTierOptions;
  readonly #catalog = new Catalog();
  readonly #open: OpenObjects;
  readonly #queue: WriteQueue;
  readonly #verified = new VerifiedFiles(CHECK_AT_ONCE_BYTES);
  readonly #stopping = new AbortController();
  #scan: Promise<void> = Promise.resolve();
  #scanned = false;
  #pausedUntilMs = -Infinity;
  #sinceSpaceCheckBytes = Infinity;
  /** Of the source that was asked for last: its blocks come one after another. */
  #lastIdentity: { readonly id: string; readonly identity: ObjectIdentity } | undefined;
  readonly #counts = {
    hitBlocks: 0,
    hitBytes: 0,
    writtenBytes: 0,
    skippedBlocks: 0,
    damagedBlocks: 0,
    evictedObjects: 0,
    errors: 0,
  };

  constructor(options: DiskTierOptions) {
    this.#options = options;
    this.#open = new OpenObjects(() => {
      this.#counts.damagedBlocks += 1;
    });
    this.#queue = new WriteQueue(options.queueBytes, (run) => this.#write(run));
  }

  /**
   * Makes the folder and begins to read what lies in it; does not wait for that.
   *
   * @throws Failure `usage` where the folder is not a private directory of this user.
   */
  async start(): Promise<void> {
    await ensurePrivateFolder(this.#options.folder);
    this.#scan = this.#readFolder();
  }

  /** Writes what waits, within bounds, and closes all files. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await withinLimit(this.settled());
    this.#queue.clear();
    await withinLimit(this.#open.closeAll());
    await rmdir(this.#options.folder).catch(() => undefined); // where nothing was ever kept
  }

  counters(): DiskTierCounters {
    const { usedBytes, objects } = this.#catalog;
    return { usedBytes, objects, limitBytes: this.#options.limitBytes, ...this.#counts };
  }

  async fill(source: BlockSource, blocks: readonly SpanBlock[]): Promise<readonly SpanBlock[]> {
    const identity = this.#identify(source);
    if (identity === undefined || (this.#scanned && !this.#catalog.has(identity.name))) return blocks;
    try {
      const paths = pathsOf(this.#options.folder, identity.name);
      const missing = await this.#open.use(paths, identity, false, (object) =>
        this.#fillFrom(object, identity, blocks),
      );
      return missing ?? blocks;
    } catch (reason) {
      this.#note(reason, 'a block could not be read from the cache folder');
      return blocks.filter((block) => !block.done);
    }
  }

  offer(source: BlockSource, block: SpanBlock, bytes: Uint8Array): void {
    const identity = this.#identify(source);
    if (identity === undefined) return;
    const number = block.firstByte / identity.blockBytes;
    const taken = Date.now() >= this.#pausedUntilMs && this.#queue.offer(identity, number, bytes);
    if (!taken) this.#counts.skippedBlocks += 1;
  }

  /**
   * The file of an object that is whole on disk, each byte of it checked, for a reader that checks nothing. Never
   * rejects.
   *
   * @returns `undefined` where there is none, or where a large one is still being checked.
   */
  async lend(source: BlockSource): Promise<FileHandle | undefined> {
    const identity = this.#identify(source);
    if (identity === undefined || (this.#scanned && !this.#catalog.has(identity.name))) return undefined;
    const paths = pathsOf(this.#options.folder, identity.name);
    try {
      return await this.#open.use(paths, identity, false, async (object) => {
        if (this.#catalog.use(identity.name, 0)) await object.touch(Date.now());
        return await this.#verified.open(paths.data, object.sums);
      });
    } catch (reason) {
      this.#note(reason, 'a file of the cache folder could not be checked');
      return undefined;
    }
  }

  /** Drops what is kept of a source, once what waits is written. Never rejects. */
  async forget(source: BlockSource): Promise<void> {
    const identity = this.#identify(source);
    if (identity === undefined) return;
    await this.settled();
    try {
      await this.#remove(identity.name);
    } catch (reason) {
      this.#note(reason, 'a file could not be removed from the cache folder');
    }
  }

  /** Resolves when nothing waits to be written. */
  async settled(): Promise<void> {
    await this.#scan;
    await this.#queue.idle();
  }

  #identify(source: BlockSource): ObjectIdentity | undefined {
    const { blockBytes } = this.#options;
    if (source.sizeBytes > blockBytes * MOST_BLOCKS) return undefined;
    const last = this.#lastIdentity;
    if (last?.id === source.id && last.identity.sizeBytes === source.sizeBytes) return last.identity;
    const identity = identify(source.id, source.sizeBytes, blockBytes);
    this.#lastIdentity = { id: source.id, identity };
    return identity;
  }

  async #readFolder(): Promise<void> {
    const isKnown = (name: string): boolean => this.#catalog.has(name);
    const found = await scanFolder(this.#options.folder, isKnown, this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    this.#catalog.addOlder(found);
    this.#scanned = true;
    await this.#makeRoom();
  }

  async #fillFrom(
    object: CachedObject,
    identity: ObjectIdentity,
    blocks: readonly SpanBlock[],
  ): Promise<readonly SpanBlock[]> {
    const first = (blocks[0]?.firstByte ?? 0) / identity.blockBytes;
    for (let at = 0; at < blocks.length;) {
      let count = 0;
      while (at + count < blocks.length && object.sums.has(first + at + count)) count += 1;
      if (count > 0) await this.#fillRun(object, first + at, blocks.slice(at, at + count));
      at += count + 1;
    }
    // The order of use outlives the process in the files' times.
    if (this.#catalog.use(identity.name, 0)) await object.touch(Date.now());
    return blocks.filter((block) => !block.done);
  }

  async #fillRun(object: CachedObject, first: number, blocks: readonly SpanBlock[]): Promise<void> {
    const read = await object.read(first, blocks.length);
    for (const [index, bytes] of read.blocks.entries()) {
      const block = blocks[index];
      if (bytes === undefined || block === undefined) continue;
      block.done = true;
      block.fill(bytes);
      this.#counts.hitBlocks += 1;
      this.#counts.hitBytes += bytes.length;
    }
    this.#counts.damagedBlocks += read.damaged;
    if (read.damaged > 0)
      this.#options.log.warn({ blocks: read.damaged }, 'damaged blocks in the cache folder');
  }

  /** Never rejects. */
  async #write({ identity, first, blocks }: BlockRun): Promise<void> {
    try {
      const sizeBytes = blocks.reduce((sum, block) => sum + block.length, 0);
      await this.#checkSpace(sizeBytes);
      const paths = pathsOf(this.#options.folder, identity.name);
      const newBytes = await this.#open.use(paths, identity, true, (object) => object.write(first, blocks));
      this.#counts.writtenBytes += sizeBytes;
      this.#catalog.use(identity.name, newBytes ?? 0);
      await this.#makeRoom();
    } catch (reason) {
      this.#counts.skippedBlocks += blocks.length;
      this.#pausedUntilMs = Date.now() + PAUSE_MS;
      this.#note(reason, 'the cache folder takes no blocks for a while');
    }
  }

  async #checkSpace(sizeBytes: number): Promise<void> {
    this.#sinceSpaceCheckBytes += sizeBytes;
    if (this.#sinceSpaceCheckBytes < CHECK_SPACE_EVERY_BYTES) return;
    const { bavail, bsize } = await statfs(this.#options.folder);
    if (bavail * bsize >= (this.#options.reservedBytes ?? RESERVED_BYTES)) {
      this.#sinceSpaceCheckBytes = 0;
      return;
    }
    throw new Failure('no-space', 'The disk of the cache folder is nearly full');
  }

  /** Removes what was not used for the longest time; an object larger than the limit starts again. */
  async #makeRoom(): Promise<void> {
    const { limitBytes } = this.#options;
    for (const name of this.#catalog.names()) {
      if (this.#catalog.usedBytes <= limitBytes && this.#catalog.objects <= MOST_OBJECTS) return;
      this.#counts.evictedObjects += 1;
      await this.#remove(name);
    }
  }

  async #remove(name: string): Promise<void> {
    const paths = pathsOf(this.#options.folder, name);
    this.#catalog.remove(name);
    await this.#open.forget(paths.data);
    await removeObject(paths);
  }

  #note(reason: unknown, message: string): void {
    this.#counts.errors += 1;
    this.#options.log.warn({ reason: Failure.from(reason).message }, message);
  }
}

/** A disk that hangs must not hold the unmount. */
async function withinLimit(work: Promise<void>): Promise<void> {
  const timeout = new AbortController();
  await Promise.race([
    work,
    delay(STOP_LIMIT_MS, undefined, { ref: false, signal: timeout.signal }).catch(() => undefined),
  ]);
  timeout.abort();
}
