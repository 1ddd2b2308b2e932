import { setTimeout as delay } from 'node:timers/promises';
import type { ObjectIdentity } from './identity.js';

/** Neighbouring blocks of one object. */
export interface BlockRun {
  readonly identity: ObjectIdentity;
  readonly first: number;
  readonly blocks: readonly Uint8Array[];
}

interface Pending {
  readonly identity: ObjectIdentity;
  readonly blocks: Map<number, Uint8Array>;
}

/** Blocks written in one go: 2 MiB of 128 KiB each. */
const MOST_BLOCKS = 16;
const WRITERS = 2;
/**
 * Before a writer begins: who waits for the block gets it first, and its neighbours come meanwhile and go to the disk
 * with it.
 */
const HEAD_START_MS = 10;

/** Blocks on their way to the disk: bounded, and what does not fit is turned away at once. */
export class WriteQueue {
  readonly #limitBytes: number;
  readonly #write: (run: BlockRun) => Promise<void>;
  readonly #pending = new Map<string, Pending>();
  #heldBytes = 0;
  #writers = 0;
  #onIdle: (() => void)[] = [];

  /**
   * @param limitBytes - Bytes that wait or are being written, in sum.
   * @param write - Writes some blocks; must not reject.
   */
  constructor(limitBytes: number, write: (run: BlockRun) => Promise<void>) {
    this.#limitBytes = limitBytes;
    this.#write = write;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** @returns Whether the block was taken. Never waits. */
  offer(identity: ObjectIdentity, number: number, bytes: Uint8Array): boolean {
    if (this.#heldBytes + bytes.length > this.#limitBytes) return false;
    const pending = this.#pending.get(identity.name) ?? { identity, blocks: new Map<number, Uint8Array>() };
    if (pending.blocks.has(number)) return true;
    pending.blocks.set(number, bytes);
    this.#pending.set(identity.name, pending);
    this.#heldBytes += bytes.length;
    if (this.#writers < WRITERS) void this.#run();
    return true;
  }

  /** Drops what waits. */
  clear(): void {
    for (const { blocks } of this.#pending.values()) {
      for (const bytes of blocks.values()) this.#heldBytes -= bytes.length;
    }
    this.#pending.clear();
  }

  /** Resolves when nothing waits and nothing is being written. */
  async idle(): Promise<void> {
    if (this.#writers === 0) return;
    await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  async #run(): Promise<void> {
    this.#writers += 1;
    await delay(HEAD_START_MS);
    for (let run = this.#next(); run !== undefined; run = this.#next()) {
      await this.#write(run);
      for (const bytes of run.blocks) this.#heldBytes -= bytes.length;
    }
    this.#writers -= 1;
    if (this.#writers > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Takes the run that begins with the oldest block of the object that has waited longest. */
  #next(): BlockRun | undefined {
    for (const [name, { identity, blocks }] of this.#pending) {
      const [first] = blocks.keys();
      if (first === undefined) {
        this.#pending.delete(name);
        continue;
      }
      const taken: Uint8Array[] = [];
      for (let number = first; taken.length < MOST_BLOCKS; number += 1) {
        const bytes = blocks.get(number);
        if (bytes === undefined) break;
        blocks.delete(number);
        taken.push(bytes);
      }
      if (blocks.size === 0) this.#pending.delete(name);
      return { identity, first, blocks: taken };
    }
    return undefined;
  }
}
