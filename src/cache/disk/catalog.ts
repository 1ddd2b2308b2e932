import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeObject } from './cached-object.js';
import { DATA_ENDING, pathsOf, SUMS_ENDING } from './identity.js';

/** What an object takes besides its bytes: two inodes and the side file. */
const OVERHEAD_BYTES = 8192;
/** stat(2) calls at a time while the folder is read. */
const SCAN_BATCH = 32;

interface Line {
  readonly sizeBytes: number;
  /** By this process. */
  readonly used: boolean;
}

/** What is on disk, least recently used first, with the bytes that it takes. */
export class Catalog {
  readonly #lines = new Map<string, Line>();
  #usedBytes = 0;

  get usedBytes(): number {
    return this.#usedBytes;
  }

  get objects(): number {
    return this.#lines.size;
  }

  has(name: string): boolean {
    return this.#lines.has(name);
  }

  /**
   * Notes a use, and bytes that came.
   *
   * @returns Whether it is the first use by this process.
   */
  use(name: string, newBytes: number): boolean {
    const before = this.#lines.get(name);
    const addedBytes = newBytes + (before === undefined ? OVERHEAD_BYTES : 0);
    this.#lines.delete(name);
    this.#lines.set(name, { sizeBytes: (before?.sizeBytes ?? 0) + addedBytes, used: true });
    this.#usedBytes += addedBytes;
    return before?.used !== true;
  }

  remove(name: string): void {
    this.#usedBytes -= this.#lines.get(name)?.sizeBytes ?? 0;
    this.#lines.delete(name);
  }

  /** The names in order of use, oldest first. */
  names(): IterableIterator<string> {
    return this.#lines.keys();
  }

  /** Adds what an earlier process left, as older than everything that this one used. */
  addOlder(found: readonly FoundObject[]): void {
    const known = [...this.#lines];
    this.#lines.clear();
    for (const { name, sizeBytes } of [...found].sort((left, right) => left.usedMs - right.usedMs)) {
      this.#lines.set(name, { sizeBytes: OVERHEAD_BYTES + sizeBytes, used: false });
    }
    for (const [name] of known) this.#lines.delete(name);
    for (const [name, line] of known) this.#lines.set(name, line);
    this.#usedBytes = [...this.#lines.values()].reduce((sum, line) => sum + line.sizeBytes, 0);
  }
}

export interface FoundObject {
  readonly name: string;
  /** Bytes on disk, holes left out. */
  readonly sizeBytes: number;
  readonly usedMs: number;
}

/**
 * Reads what lies in the folder; halves of objects are removed unless `isKnown`.
 *
 * @param signal - Ends it early, with what was found so far.
 */
export async function scanFolder(
  folder: string,
  isKnown: (name: string) => boolean,
  signal: AbortSignal,
): Promise<FoundObject[]> {
  const found: FoundObject[] = [];
  for (let shard = 0; shard < 256; shard += 1) {
    if (signal.aborted) break;
    const prefix = shard.toString(16).padStart(2, '0');
    const names = await wholePairs(folder, prefix, isKnown);
    for (let at = 0; at < names.length; at += SCAN_BATCH) {
      const batch = await Promise.all(names.slice(at, at + SCAN_BATCH).map((name) => look(folder, name)));
      found.push(...batch.filter((one) => one !== undefined));
    }
  }
  return found;
}

async function wholePairs(
  folder: string,
  prefix: string,
  isKnown: (name: string) => boolean,
): Promise<string[]> {
  const endings = new Map<string, number>();
  const directory = await opendir(join(folder, prefix)).catch(() => undefined);
  if (directory === undefined) return [];
  for await (const { name } of directory) {
    const base = name.replace(/\.[a-z]+$/, '');
    const known = name === base + DATA_ENDING || name === base + SUMS_ENDING;
    if (known) endings.set(base, (endings.get(base) ?? 0) + 1);
  }
  const names = [...endings].map(([base, count]) => [`${prefix}/${base}`, count] as const);
  for (const [name, count] of names)
    if (count < 2 && !isKnown(name)) await removeObject(pathsOf(folder, name));
  return names.filter(([, count]) => count === 2).map(([name]) => name);
}

async function look(folder: string, name: string): Promise<FoundObject | undefined> {
  try {
    const { blocks, mtimeMs } = await stat(pathsOf(folder, name).data);
    return { name, sizeBytes: blocks * 512, usedMs: mtimeMs };
  } catch {
    return undefined; // removed meanwhile
  }
}
