import pLimit, { type LimitFunction } from 'p-limit';
import { Failure } from '../errors/failure.js';
import { fetchSpanAgain, type SpanBlock, type SpanSource } from './span.js';

/** A random read of a page costs little more than its round trip, and Linux reads that much at a time. */
export const BLOCK_BYTES = 128 * 1024;

/** An immutable version of an object that blocks are read from. */
export interface BlockSource {
  /** Differs between any two contents. */
  readonly id: string;
  readonly sizeBytes: number;
  /**
   * Pieces of the bytes from first to last, both included, best of {@link BLOCK_BYTES}; fails rather than answer from
   * another version.
   */
  readonly read: SpanSource['read'];
  readonly check?: NonNullable<SpanSource['check']>;
}

/** A slower and larger place for blocks, below those in memory. It never fails a reader. */
export interface LowerTier {
  /** Fills those of neighbouring blocks that it holds; answers with the others. Never rejects. */
  fill(source: BlockSource, blocks: readonly SpanBlock[]): Promise<readonly SpanBlock[]>;
  /** Offers a block that came from the source. Never waits. */
  offer(source: BlockSource, block: SpanBlock, bytes: Uint8Array): void;
}

/** What the memory tier holds, and what it did since the mount began. */
export interface MemoryTierCounters {
  readonly heldBytes: number;
  readonly limitBytes: number;
  /** Blocks that were there or on their way when they were asked for. */
  readonly hitBlocks: number;
  readonly missedBlocks: number;
  /** Ranges asked of the source, and bytes in them. */
  readonly requests: number;
  readonly requestedBytes: number;
}

export interface BlockCacheOptions {
  /** Bytes that blocks may take in sum, those on their way included. */
  readonly limitBytes: number;
  /** @defaultValue {@link BLOCK_BYTES} */
  readonly blockBytes?: number;
  /** Requests under way at one time. */
  readonly maxSpans?: number;
  /** Longest range of one request: long enough to hide a round trip, short enough to run several beside. */
  readonly maxSpanBytes?: number;
  /** Objects up to this size come whole at the first read. @defaultValue 0 */
  readonly wholeBytes?: number;
  /** Asked before the source. */
  readonly lower?: LowerTier;
}

interface Block extends SpanBlock {
  readonly source: string;
}

/**
 * Blocks of objects in memory, least recently used first out. One block is fetched once however many ask for it, and
 * neighbours that are missing come in one request.
 */
export class BlockCache {
  readonly blockBytes: number;
  readonly #limitBytes: number;
  readonly #requests: LimitFunction;
  readonly #maxSpanBytes: number;
  readonly #wholeBytes: number;
  readonly #lower: LowerTier | undefined;
  readonly #counts = { hitBlocks: 0, missedBlocks: 0, requests: 0, requestedBytes: 0 };
  /** By source and number; the order is that of use. */
  readonly #blocks = new Map<string, Block>();
  readonly #spans = new Map<string, Set<AbortController>>();
  #heldBytes = 0;
  #pendingBytes = 0;

  constructor(options: BlockCacheOptions) {
    this.blockBytes = options.blockBytes ?? BLOCK_BYTES;
    this.#limitBytes = Math.max(options.limitBytes, 4 * this.blockBytes);
    this.#wholeBytes = options.wholeBytes ?? 0;
    this.#lower = options.lower;
    this.#requests = pLimit(options.maxSpans ?? 16);
    const share = Math.floor(this.#limitBytes / 4);
    this.#maxSpanBytes = Math.max(this.blockBytes, Math.min(options.maxSpanBytes ?? 4 * 1024 * 1024, share));
  }

  /** Bytes held now, those on their way included. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  counters(): MemoryTierCounters {
    return { heldBytes: this.#heldBytes, limitBytes: this.#limitBytes, ...this.#counts };
  }

  /** Pieces that make up the range; shorter than asked only at the end of the source. */
  async read(source: BlockSource, offset: number, lengthBytes: number): Promise<readonly Uint8Array[]> {
    const end = Math.min(offset + lengthBytes, source.sizeBytes);
    if (end <= offset) return [];
    // One request for all of a small object costs little more than one for a page of it.
    if (source.sizeBytes <= this.#wholeBytes) this.#blocksFor(source, 0, source.sizeBytes);
    const blocks = this.#blocksFor(source, offset, end);
    const filled = await Promise.all(blocks.map((block) => block.ready));
    return filled.map((bytes, index) => {
      const start = (Math.floor(offset / this.blockBytes) + index) * this.blockBytes;
      return bytes.subarray(Math.max(0, offset - start), Math.min(bytes.length, end - start));
    });
  }

  /** Starts to fetch a range unless memory is short; never waits, never fails. */
  prefetch(source: BlockSource, offset: number, lengthBytes: number): void {
    const end = Math.min(offset + lengthBytes, source.sizeBytes);
    if (end <= offset || this.#pendingBytes + (end - offset) > this.#limitBytes / 2) return;
    for (const block of this.#blocksFor(source, offset, end)) block.ready.catch(() => undefined);
  }

  /** Stops what is on its way for a source; blocks that are there stay. */
  cancel(sourceId: string): void {
    for (const controller of this.#spans.get(sourceId) ?? []) controller.abort();
  }

  /** Drops the blocks of a source. What is on its way is given to those who wait for it, and to nobody after them. */
  forget(sourceId: string): void {
    for (const [key, block] of this.#blocks) {
      if (block.source !== sourceId) continue;
      this.#blocks.delete(key);
      this.#heldBytes -= block.lengthBytes;
    }
  }

  #blocksFor(source: BlockSource, offset: number, end: number): Block[] {
    const first = Math.floor(offset / this.blockBytes);
    const last = Math.floor((end - 1) / this.blockBytes);
    const found: Block[] = [];
    let missing: Block[] = [];
    const flush = (): void => {
      if (missing.length > 0) this.#start(source, missing);
      missing = [];
    };
    for (let number = first; number <= last; number += 1) {
      const key = `${source.id}/${number}`;
      const known = this.#blocks.get(key);
      if (known === undefined) {
        this.#counts.missedBlocks += 1;
        const block = this.#newBlock(source, key, number);
        found.push(block);
        missing.push(block);
        if (missing.length * this.blockBytes >= this.#maxSpanBytes) flush();
      } else {
        this.#counts.hitBlocks += 1;
        this.#blocks.delete(key);
        this.#blocks.set(key, known);
        found.push(known);
        flush();
      }
    }
    flush();
    return found;
  }

  #newBlock(source: BlockSource, key: string, number: number): Block {
    const firstByte = number * this.blockBytes;
    const lengthBytes = Math.min(this.blockBytes, source.sizeBytes - firstByte);
    let fill: (bytes: Uint8Array) => void = () => undefined;
    let fail: (reason: Failure) => void = () => undefined;
    const ready = new Promise<Uint8Array>((resolve, reject) => {
      fill = resolve;
      fail = reject;
    });
    ready.catch(() => undefined);
    const block: Block = { source: source.id, firstByte, lengthBytes, ready, fill, fail, done: false };
    this.#makeRoom(lengthBytes);
    this.#blocks.set(key, block);
    this.#heldBytes += lengthBytes;
    return block;
  }

  #makeRoom(bytes: number): void {
    if (this.#heldBytes + bytes <= this.#limitBytes) return;
    for (const [key, block] of this.#blocks) {
      if (!block.done) continue;
      this.#blocks.delete(key);
      this.#heldBytes -= block.lengthBytes;
      if (this.#heldBytes + bytes <= this.#limitBytes) return;
    }
  }

  #start(source: BlockSource, blocks: readonly Block[]): void {
    const controller = new AbortController();
    const spanBytes = blocks.reduce((sum, block) => sum + block.lengthBytes, 0);
    this.#pendingBytes += spanBytes;
    const spans = this.#spans.get(source.id) ?? new Set();
    this.#spans.set(source.id, spans.add(controller));
    const run = async (): Promise<void> => {
      try {
        const missing = (await this.#lower?.fill(source, blocks)) ?? blocks;
        await Promise.all(neighbours(missing).map((part) => this.#fetch(source, part, controller.signal)));
      } catch (error) {
        this.#discard(blocks, Failure.from(error));
      } finally {
        spans.delete(controller);
        if (spans.size === 0) this.#spans.delete(source.id);
        this.#pendingBytes -= spanBytes;
      }
    };
    void run();
  }

  /** One request, when its turn has come. */
  async #fetch(source: BlockSource, blocks: readonly SpanBlock[], signal: AbortSignal): Promise<void> {
    await this.#requests(async () => {
      this.#counts.requests += 1;
      this.#counts.requestedBytes += blocks.reduce((sum, block) => sum + block.lengthBytes, 0);
      await fetchSpanAgain(source, blocks, signal, (block, bytes) =>
        this.#lower?.offer(source, block, bytes),
      );
    });
  }

  /** A failed block is forgotten, so that the next read asks again. */
  #discard(blocks: readonly Block[], failure: Failure): void {
    for (const block of blocks) {
      if (block.done) continue;
      block.fail(failure);
      const key = `${block.source}/${Math.floor(block.firstByte / this.blockBytes)}`;
      if (this.#blocks.get(key) !== block) continue;
      this.#blocks.delete(key);
      this.#heldBytes -= block.lengthBytes;
    }
  }
}

/** Cuts where blocks between are not missing: one request for each run. */
function neighbours(blocks: readonly SpanBlock[]): SpanBlock[][] {
  const runs: SpanBlock[][] = [];
  let end = -1;
  for (const block of blocks) {
    const last = runs.at(-1);
    if (last !== undefined && block.firstByte === end) last.push(block);
    else runs.push([block]);
    end = block.firstByte + block.lengthBytes;
  }
  return runs;
}
