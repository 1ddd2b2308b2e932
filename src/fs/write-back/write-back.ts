import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Failure } from '../../errors/failure.js';
import { createBackoff, DEFAULT_RETRY, isTransient } from '../../s3/backoff.js';
import { orAbort } from '../locks.js';
import type { FileNode } from '../nodes/node.js';
import { Journal, type JournalEntry } from './journal.js';

/** As many small files as a mount uploads at one time anyway. */
const UPLOADS = 16;
/** While the store is out it is asked this seldom at most. */
const MAX_PAUSE_MS = 30_000;
/** What an entry takes beside its bytes: a block for its facts, so that empty files count too. */
const ENTRY_BYTES = 4096;

/** A closed file of this mount that is journaled. */
export interface Journaled {
  readonly entry: JournalEntry;
  readonly heldBytes: number;
  /** The file still has these bytes. */
  isCurrent: boolean;
}

/** Uploads a journaled file. */
export type SaveJournaled = (node: FileNode, signal: AbortSignal) => Promise<void>;

export interface WriteBackOptions {
  readonly folder: string;
  /** Journaled bytes. 0: files are uploaded when they are closed. */
  readonly limitBytes: number;
}

/** The closed files that wait for their upload, and the uploads. */
export class WriteBack {
  readonly journal: Journal;
  readonly #limitBytes: number;
  readonly #uploads = pLimit(UPLOADS);
  readonly #running = new Map<FileNode, Promise<void>>();
  readonly #failures = new Map<FileNode, Failure>();
  readonly #stopping = new AbortController();
  #heldBytes = 0;
  #files = 0;

  constructor({ folder, limitBytes }: WriteBackOptions) {
    this.journal = new Journal(folder);
    this.#limitBytes = limitBytes;
  }

  /** For a status. */
  counters(): Readonly<Record<string, number>> {
    return { writeBackFiles: this.#files, writeBackBytes: this.#heldBytes };
  }

  /** Bytes that a file of this size takes of the limit; `undefined` where it would never fit. */
  costOf(sizeBytes: number): number | undefined {
    const bytes = sizeBytes + ENTRY_BYTES;
    return bytes <= this.#limitBytes ? bytes : undefined;
  }

  take(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.#limitBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  /**
   * Waits until there is room. `false` where nothing is on its way that could make some: what is journaled belongs to
   * files that are being written again.
   *
   * @throws Failure `cancelled`.
   */
  async takeLater(bytes: number, signal: AbortSignal | undefined): Promise<boolean> {
    while (!this.take(bytes)) {
      if (this.#running.size === 0) return false;
      await orAbort(Promise.race(this.#running.values()), signal);
    }
    return true;
  }

  /** `heldBytes` of it were taken before. */
  note(node: FileNode, journaled: Journaled): void {
    if (node.journaled === undefined) this.#files += 1;
    else this.give(node.journaled.heldBytes);
    node.journaled = journaled;
  }

  /** The file is on S3, in the recovery folder, or gone. */
  async drop(node: FileNode): Promise<void> {
    const { journaled } = node;
    if (journaled === undefined) return;
    node.journaled = undefined;
    this.#files -= 1;
    this.give(journaled.heldBytes);
    await this.journal.remove(journaled.entry);
  }

  /** Sees to it that a file is uploaded, and tried again until that is done or refused for good. */
  schedule(node: FileNode, save: SaveJournaled): void {
    if (this.#running.has(node) || this.#stopping.signal.aborted) return;
    const run = this.#uploads(() => this.#run(node, save)).finally(() => {
      this.#running.delete(node);
      if (isWaiting(node)) this.schedule(node, save);
    });
    this.#running.set(node, run);
  }

  noteFailure(node: FileNode, failure: Failure): void {
    this.#failures.set(node, failure);
  }

  /** @throws The failure of an upload of this file that nobody has been told of. */
  tell(node: FileNode): void {
    const failure = this.#failures.get(node);
    this.#failures.delete(node);
    if (failure !== undefined) throw failure;
  }

  /** Failures that nobody has been told of. */
  takeFailures(): readonly Failure[] {
    const failures = [...this.#failures.values()];
    this.#failures.clear();
    return failures;
  }

  /** Ends the uploads; what is journaled stays for the next mount. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running.values());
    await this.journal.close();
  }

  async #run(node: FileNode, save: SaveJournaled): Promise<void> {
    const { signal } = this.#stopping;
    const pauseMs = createBackoff({ ...DEFAULT_RETRY, maxDelayMs: MAX_PAUSE_MS });
    while (!signal.aborted && isWaiting(node)) {
      try {
        await save(node, signal);
      } catch (error) {
        // Only what may pass comes here: `save` has answered for the rest.
        await delay(pauseMs(error as Failure), undefined, { signal }).catch(() => undefined);
      }
    }
  }
}

/** Whether a file waits for its upload. One that is being written again waits for its next close. */
export function isWaiting(node: FileNode): boolean {
  return node.journaled?.isCurrent === true && node.contentDirty && !node.detached;
}

/** Whether the upload of a journaled file is tried again after a failure. */
export function mayPass(failure: Failure): boolean {
  return isTransient(failure) || failure.kind === 'cancelled';
}
