import { randomUUID } from 'node:crypto';
import type { Log } from '../../log/log.js';
import type { ObjectStore } from '../../s3/store.js';
import { RESERVED_NAME } from '../names.js';
import type { Intent, Operation } from './intent.js';
import type { Owner } from './owner.js';

/** A record that has not changed for so long has an owner that is gone. */
export const LEASE_MS = 60_000;
const BEAT_MS = LEASE_MS / 3;

/** An operation of several requests that is under way. */
export interface OpenIntent {
  /** To be deleted with the last step; {@link IntentLog.closed} then says so. */
  readonly key: string;
}

interface Entry extends OpenIntent {
  operation: Operation;
  beat: number;
  timer: NodeJS.Timeout;
  /** Puts of one record follow one another. */
  writing: Promise<unknown>;
}

export interface IntentLogOptions {
  readonly store: ObjectStore;
  readonly prefix: string;
  readonly owner: Owner;
  readonly log: Log;
}

/** Where the records of a mounted prefix lie. */
export function intentsPrefix(context: { readonly prefix: string }): string {
  return `${context.prefix}${RESERVED_NAME}/intents/`;
}

/**
 * Says in S3 what is about to happen before it does, so that the next mount can finish it. A record is renewed while
 * its operation runs.
 */
export class IntentLog {
  readonly owner: Owner;
  readonly #options: IntentLogOptions;
  readonly #open = new Map<string, Entry>();
  readonly #closing = new Set<Promise<void>>();
  #onAbandoned: () => void = () => undefined;

  constructor(options: IntentLogOptions) {
    this.#options = options;
    this.owner = options.owner;
  }

  /** Called whenever an operation ended without an end. */
  onAbandoned(listener: () => void): void {
    this.#onAbandoned = listener;
  }

  async open(operation: Operation): Promise<OpenIntent> {
    const key = `${intentsPrefix(this.#options)}${randomUUID()}.json`;
    const timer = setInterval(() => {
      this.#beat(key);
    }, BEAT_MS);
    timer.unref();
    const entry: Entry = { key, operation, beat: 0, timer, writing: Promise.resolve() };
    this.#open.set(key, entry);
    try {
      await this.#write(entry);
    } catch (error) {
      this.abandon(entry);
      throw error;
    }
    return entry;
  }

  /** Records that the operation has come further. */
  async advance(intent: OpenIntent, operation: Operation): Promise<void> {
    const entry = this.#open.get(intent.key);
    if (entry === undefined) return;
    entry.operation = operation;
    await this.#write(entry);
  }

  isOpen(key: string): boolean {
    return this.#open.has(key);
  }

  /** The record went with the operation's last request. */
  closed(intent: OpenIntent): void {
    this.#forget(intent.key);
  }

  /** Removes the record without waiting: one that stays is found to be done by whoever looks at it. */
  close(intent: OpenIntent): void {
    const writing = this.#open.get(intent.key)?.writing ?? Promise.resolve();
    this.#forget(intent.key);
    const closing = writing
      .then(() => this.#options.store.delete(intent.key))
      .catch((error: unknown) => {
        this.#options.log.warn({ key: intent.key, err: error }, 'a finished record could not be removed');
        this.#onAbandoned();
      })
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** The operation failed half way: the record stays for whoever finishes it. */
  abandon(intent: OpenIntent): void {
    this.#forget(intent.key);
    this.#onAbandoned();
  }

  /** Waits for removals that are under way. */
  async drain(): Promise<void> {
    await Promise.all(this.#closing);
  }

  #forget(key: string): void {
    clearInterval(this.#open.get(key)?.timer);
    this.#open.delete(key);
  }

  #beat(key: string): void {
    const entry = this.#open.get(key);
    if (entry === undefined) return;
    entry.beat += 1;
    this.#write(entry).catch((error: unknown) => {
      this.#options.log.warn({ key, err: error }, 'the record of a long operation could not be renewed');
    });
  }

  async #write(entry: Entry): Promise<void> {
    const write = entry.writing
      .catch(() => undefined)
      .then(async () => {
        if (!this.#open.has(entry.key)) return;
        const intent: Intent = {
          version: 1,
          owner: this.owner,
          beat: entry.beat,
          intent: entry.operation,
        };
        await this.#options.store.put(entry.key, Buffer.from(JSON.stringify(intent)), {
          headers: { contentType: 'application/json' },
        });
      });
    entry.writing = write;
    await write;
  }
}
