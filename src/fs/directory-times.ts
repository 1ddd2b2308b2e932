import pLimit from 'p-limit';
import { Failure } from '../errors/failure.js';
import { nodeLock, type Context } from './context.js';
import type { DirectoryNode } from './nodes/node.js';
import { within } from './nodes/subtree.js';
import { persistTimes } from './persist.js';

const CONCURRENCY = 4;

/**
 * Writes the times of directories whose children came or went to their markers: in the background, each at most once in
 * `mount.directoryTimesMs`, so that a killed mount loses no more than that. A directory without a marker gets none.
 */
export class DirectoryTimes {
  readonly #due = new Set<DirectoryNode>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  /** The times have changed. */
  note(context: Context, directory: DirectoryNode): void {
    const { directoryTimesMs, readOnly } = context.mount;
    if (readOnly || this.#stopped || directoryTimesMs === 0 || directory.object === undefined) return;
    this.#due.add(directory);
    this.#timer ??= setTimeout(() => {
      this.#running = this.#run(context).then(() => {
        this.#timer = undefined;
        const [next] = this.#due;
        if (next !== undefined) this.note(context, next);
      });
    }, directoryTimesMs).unref();
  }

  /** Waits for what is under way; from then on nothing is written. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(context: Context): Promise<void> {
    const directories = [...this.#due];
    this.#due.clear();
    const limit = pLimit(CONCURRENCY);
    const one = async (directory: DirectoryNode): Promise<void> => {
      try {
        await saveTimes(context, directory);
      } catch (error) {
        this.#due.add(directory);
        context.log.debug({ reason: Failure.from(error).message }, 'times of a directory were not written');
      }
    };
    await Promise.all(directories.map((directory) => limit(() => one(directory))));
  }
}

/** @throws Failure of the store. */
export async function saveTimes(
  context: Context,
  directory: DirectoryNode,
  signal?: AbortSignal,
): Promise<void> {
  await within([directory], signal, () =>
    context.locks.run([nodeLock(directory)], () => persistTimes(context, directory), signal),
  );
}
