import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { ObjectDescription } from '../../s3/store.js';
import { localFailure } from '../data/local-bytes.js';

const factsSchema = z.object({
  version: z.literal(1),
  key: z.string(),
  sizeBytes: z.number().int().nonnegative(),
  /** What the key held when the file was closed: the upload replaces that and nothing else. Absent: nothing. */
  replacedEtag: z.string().optional(),
  /** Of the object. Nobody but us writes into a private folder. */
  description: z.custom<ObjectDescription>((value) => typeof value === 'object' && value !== null),
});
/** What is needed to upload a closed file. */
export type JournalFacts = z.infer<typeof factsSchema>;

/** A closed file on the local disk. */
export interface JournalEntry {
  /** Grows with each close of one mount. */
  readonly sequence: number;
  readonly bytesPath: string;
  readonly factsPath: string;
  facts: JournalFacts;
}

const FACTS = '.json';
const BYTES = '.bytes';

/**
 * Closed files that S3 does not hold yet, in a folder of the local disk: the bytes of each, and beside them the facts.
 * An entry counts from the moment its facts are there, so they are written last: bytes, fsync, facts, fsync, and fsync
 * of the folder for the names (fsync(2)).
 * Every method throws Failure `no-space` where the local disk is full, `internal` on any other local error.
 */
export class Journal {
  readonly folder: string;
  #sequence = 0;
  #isMade = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @param writeBytes - Writes the bytes into an empty file. */
  async add(facts: JournalFacts, writeBytes: (file: FileHandle) => Promise<void>): Promise<JournalEntry> {
    this.#sequence += 1;
    const sequence = this.#sequence;
    const base = join(this.folder, `${sequence}-${randomUUID()}`);
    const entry = { sequence, bytesPath: base + BYTES, factsPath: base + FACTS, facts };
    try {
      await this.#make();
      await writeDurably(entry.bytesPath, writeBytes);
      await writeDurably(entry.factsPath, (file) => file.writeFile(JSON.stringify(facts)));
      await syncFolder(this.folder);
      return entry;
    } catch (error) {
      await this.remove(entry).catch(() => undefined);
      throw localFailure(error, entry.bytesPath);
    }
  }

  /** Gives an entry other facts, wholly or not at all. */
  async update(entry: JournalEntry, facts: JournalFacts): Promise<void> {
    const next = `${entry.factsPath}.next`;
    try {
      await writeDurably(next, (file) => file.writeFile(JSON.stringify(facts)));
      await rename(next, entry.factsPath);
      await syncFolder(this.folder);
      entry.facts = facts;
    } catch (error) {
      await rm(next, { force: true }).catch(() => undefined);
      throw localFailure(error, entry.factsPath);
    }
  }

  /** Durably, so that a removed file does not come back. */
  async remove(entry: JournalEntry): Promise<void> {
    try {
      await rm(entry.factsPath, { force: true });
      await rm(entry.bytesPath, { force: true });
      await syncFolder(this.folder);
    } catch (error) {
      throw localFailure(error, entry.factsPath);
    }
  }

  /** What earlier mounts have left, in the order of the closes. What has no readable facts was never acknowledged. */
  async left(): Promise<readonly JournalEntry[]> {
    const names = await readdir(this.folder).catch(() => []);
    const bases = names.filter((name) => name.endsWith(FACTS)).map((name) => name.slice(0, -FACTS.length));
    const entries = await Promise.all(bases.map((base) => readEntry(join(this.folder, base))));
    return entries.filter((entry) => entry !== undefined).sort((one, other) => one.sequence - other.sequence);
  }

  /** Removes the folder where it is empty, and before that whatever belongs to no entry of `left`. */
  async sweep(left: readonly JournalEntry[] = []): Promise<void> {
    const known = new Set(left.flatMap(({ bytesPath, factsPath }) => [bytesPath, factsPath]));
    for (const name of await readdir(this.folder).catch(() => [])) {
      const path = join(this.folder, name);
      if (!known.has(path)) await rm(path, { force: true });
    }
    await this.close();
  }

  /** Removes the folder where it is empty. */
  async close(): Promise<void> {
    this.#isMade = false;
    await rmdir(this.folder).catch(() => undefined);
  }

  async #make(): Promise<void> {
    if (this.#isMade) return;
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await syncFolder(dirname(this.folder));
    this.#isMade = true;
  }
}

async function readEntry(base: string): Promise<JournalEntry | undefined> {
  const [bytesPath, factsPath] = [base + BYTES, base + FACTS];
  try {
    const facts = factsSchema.parse(JSON.parse(await readFile(factsPath, 'utf8')));
    const { size } = await stat(bytesPath);
    const sequence = Number.parseInt(basename(base), 10);
    return size === facts.sizeBytes ? { sequence, bytesPath, factsPath, facts } : undefined;
  } catch {
    return undefined;
  }
}

async function writeDurably(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await write(file);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
