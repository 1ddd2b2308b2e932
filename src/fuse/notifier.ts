import type { InodeId, KernelNotifier } from '../fs/operations.js';
import type { Log } from '../log/log.js';
import type { FuseChannel } from './channel.js';
import { encodeInvalidateEntry, encodeInvalidateInode } from './wire/encode-notify.js';

/** Beyond this many waiting notifications new ones are dropped: time-outs of names and attributes still hold. */
const MOST_WAITING = 4096;

/**
 * Sends notifications one after the other, off the event loop. Equal ones that still wait are sent once.
 */
export class QueuedNotifier implements KernelNotifier {
  readonly #channel: FuseChannel;
  readonly #log: Log;
  readonly #waiting = new Map<string, Buffer>();
  #sending: Promise<void> | undefined;
  #stopped = false;

  constructor(channel: FuseChannel, log: Log) {
    this.#channel = channel;
    this.#log = log;
  }

  invalidateInode(ino: InodeId, offset: bigint, lengthBytes: bigint): void {
    const key = `${ino.toString()} ${offset.toString()} ${lengthBytes.toString()}`;
    this.#enqueue(key, () => encodeInvalidateInode(ino, offset, lengthBytes));
  }

  invalidateEntry(parent: InodeId, name: string): void {
    this.#enqueue(`${parent.toString()}/${name}`, () => encodeInvalidateEntry(parent, name));
  }

  /** Drops what waits; resolves when the one in the kernel's hands is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    await this.#sending;
  }

  #enqueue(key: string, encode: () => Buffer): void {
    if (this.#stopped || this.#waiting.has(key)) return;
    if (this.#waiting.size >= MOST_WAITING) {
      this.#log.warn({ waiting: this.#waiting.size }, 'invalidation dropped: the kernel does not keep up');
      return;
    }
    this.#waiting.set(key, encode());
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    for (const [key, message] of this.#waiting) {
      this.#waiting.delete(key);
      await this.#channel.notify(message);
    }
  }
}
