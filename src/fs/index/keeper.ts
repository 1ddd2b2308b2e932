import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import { deadline } from '../../errors/deadline.js';
import { Failure } from '../../errors/failure.js';
import type { ListedObject } from '../../s3/store.js';
import { monotonicMs } from '../clock.js';
import type { Context } from '../context.js';
import type { DirectoryNode } from '../nodes/node.js';
import { indexKey, LEAST_OBJECTS } from './load.js';
import { writeIndex } from './write.js';

/** Changes are gathered this long before an index is written. */
const GATHER_MS = 5_000;
/** A directory that keeps changing has its index written this often at most, and once more at unmount. */
const INTERVAL_MS = 30_000;
const CONCURRENCY = 4;
/** For what clocks round. */
const MARGIN_MS = 5;
/** At unmount nobody waits longer for what only saves requests later. */
const STOP_TIMEOUT_MS = 10_000;
const DELETE_BATCH = 1000;

/** Writes attribute indexes: in the background, bounded, and never needed for anything to be right. */
export class IndexKeeper {
  readonly #due = new Set<DirectoryNode>();
  /** Indexes of directories that are gone. */
  readonly #doomed = new Set<string>();
  /** Two writes that are further apart have other Last-Modified in listings. */
  #tickMs = 1000;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  /** Adds to what an index would save: HEADs that were spent, objects that were written. */
  note(context: Context, directory: DirectoryNode, count: number): void {
    directory.catalog.debt += count;
    if (directory.catalog.debt < LEAST_OBJECTS || context.mount.readOnly) return;
    this.#due.add(directory);
    this.#schedule(context);
  }

  /** A directory is gone: so may its index be. */
  forget(context: Context, directory: DirectoryNode, childrenOf: string): void {
    const { index } = directory.catalog;
    const key = indexKey(context.prefix, childrenOf);
    const hasNone = index !== undefined && index.etag === undefined;
    this.#due.delete(directory);
    if (key === undefined || hasNone) return;
    this.#doomed.add(key);
    this.#schedule(context);
  }

  /** Learns from a listing how exactly the server tells the time. */
  observe(objects: readonly ListedObject[]): void {
    if (objects.some(({ lastModifiedMs }) => lastModifiedMs % 1000 !== 0)) this.#tickMs = 1;
  }

  /** Writes all that would save something and waits for it; from then on nothing is written. Never fails. */
  async stop(context: Context): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
    if (context.mount.readOnly) return;
    for (const node of context.table.all()) {
      if (node.kind === 'directory' && node.catalog.debt >= LEAST_OBJECTS) this.#due.add(node);
    }
    // What was saved just now must be old enough to be told from later changes.
    if (this.#due.size > 0) await pass(this.#tickMs + MARGIN_MS);
    await this.#run(context, [...this.#due], deadline(STOP_TIMEOUT_MS));
  }

  #schedule(context: Context): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => {
      const latestMs = monotonicMs() - INTERVAL_MS;
      const ready = [...this.#due].filter(({ catalog }) => catalog.indexWrittenAtMs <= latestMs);
      this.#running = this.#run(context, ready).then(() => {
        this.#timer = undefined;
        if (this.#due.size > 0) this.#schedule(context);
      });
    }, GATHER_MS);
    this.#timer.unref();
  }

  async #run(context: Context, directories: readonly DirectoryNode[], signal?: AbortSignal): Promise<void> {
    const limit = pLimit(CONCURRENCY);
    const one = async (directory: DirectoryNode): Promise<void> => {
      this.#due.delete(directory);
      directory.catalog.debt = 0;
      directory.catalog.indexWrittenAtMs = monotonicMs();
      try {
        await writeIndex(context, directory, this.#tickMs + MARGIN_MS, signal);
      } catch (error) {
        context.log.debug({ reason: Failure.from(error).message }, 'an attribute index was not written');
      }
    };
    await Promise.all(directories.map((directory) => limit(() => one(directory))));
    await this.#deleteDoomed(context, signal);
  }

  async #deleteDoomed(context: Context, signal: AbortSignal | undefined): Promise<void> {
    const keys = [...this.#doomed];
    this.#doomed.clear();
    const abort = signal === undefined ? {} : { signal };
    for (let at = 0; at < keys.length; at += DELETE_BATCH) {
      try {
        await context.store.deleteMany(keys.slice(at, at + DELETE_BATCH), abort);
      } catch (error) {
        context.log.debug({ reason: Failure.from(error).message }, 'old attribute indexes stay');
      }
    }
  }
}

/** Waits as long by the clock of `monotonicMs`: a timer counts from the begin of its turn of the event loop. */
async function pass(durationMs: number): Promise<void> {
  const untilMs = monotonicMs() + durationMs;
  for (let leftMs = durationMs; leftMs > 0; leftMs = untilMs - monotonicMs()) await sleep(Math.ceil(leftMs));
}
