import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { Failure } from '../../errors/failure.js';
import { onLocalFile } from '../local-files.js';
import { lockFor, type Lock } from './lock.js';

/** Facts of a source that must all be the same for its transfer to go on. */
export type SourcePin = Readonly<Record<string, string | number>>;

/** Reads the lines of one kind of journal. Loaded only where an earlier run has left some. */
export type EntrySchema<Entry> = (schemas: typeof import('./schemas.js')) => z.ZodType<Entry>;

/**
 * What a transfer has done so far, one JSON object a line, so that a killed process costs at most a torn last line.
 * The file is named after what is moved where; one process at a time may have it open.
 */
export class JournalFile<Entry> {
  /** What an earlier run has done of the very same source. */
  readonly entries: readonly Entry[];
  /** What an earlier run has done of a source that has changed since; for cleaning up. */
  readonly outdated: readonly Entry[];
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #lock: Lock;
  #appending: Promise<void> = Promise.resolve();

  private constructor(
    path: string,
    handle: FileHandle,
    lock: Lock,
    found: { readonly entries: readonly Entry[]; readonly outdated: readonly Entry[] },
  ) {
    this.path = path;
    this.#handle = handle;
    this.#lock = lock;
    this.entries = found.entries;
    this.outdated = found.outdated;
  }

  /**
   * @param identity - source and destination; the name of the file follows from it.
   * @throws Failure `busy` where another process has it open.
   */
  static async open<Entry>(
    folder: string,
    identity: readonly string[],
    pin: SourcePin,
    schema: EntrySchema<Entry>,
  ): Promise<JournalFile<Entry>> {
    const path = join(folder, `${journalName(identity)}.jsonl`);
    return onLocalFile(path, async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const lock = await lockFor(path, identity.join(' to '));
      try {
        const found = await readJournal(path, pin, schema);
        const lines = [{ version: 1, pin }, ...found.entries].map((line) => `${JSON.stringify(line)}\n`);
        // Written anew without a torn line, before anything is added.
        await writeFile(path, lines.join(''), { mode: 0o600, flush: true });
        return new JournalFile(path, await open(path, 'a'), lock, found);
      } catch (reason) {
        await lock.release();
        throw reason;
      }
    });
  }

  /** @param durable - wait until the disk has it. */
  append(entry: Entry, durable = false): Promise<void> {
    const write = this.#appending.then(async () => {
      await this.#handle.appendFile(`${JSON.stringify(entry)}\n`);
      if (durable) await this.#handle.datasync();
    });
    this.#appending = write.catch(() => undefined);
    return onLocalFile(this.path, () => write);
  }

  /** Keeps what is there for the next run. */
  async close(): Promise<void> {
    await this.#appending;
    await this.#handle.close();
    await this.#lock.release();
  }

  /** The transfer is over: nothing is left to go on with. */
  async remove(): Promise<void> {
    await this.#appending;
    await this.#handle.close();
    await rm(this.path, { force: true });
    await this.#lock.release();
  }
}

/** A short name that is the same for the same source and destination. */
export function journalName(identity: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 16);
}

async function readJournal<Entry>(
  path: string,
  pin: SourcePin,
  schema: EntrySchema<Entry>,
): Promise<{ entries: readonly Entry[]; outdated: readonly Entry[] }> {
  const text = await readFile(path, 'utf8').catch((reason: unknown) => {
    if (Failure.from(reason).message.includes('ENOENT')) return '';
    throw reason;
  });
  if (text === '') return { entries: [], outdated: [] };
  const schemas = await import('./schemas.js');
  const entrySchema = schema(schemas);
  const [first, ...rest] = text.split('\n').slice(0, -1).map(parseLine);
  const head = schemas.headSchema.safeParse(first);
  if (!head.success) return { entries: [], outdated: [] };
  const entries = rest.flatMap((line) => {
    const entry = entrySchema.safeParse(line);
    return entry.success ? [entry.data] : [];
  });
  return samePin(head.data.pin, pin) ? { entries, outdated: [] } : { entries: [], outdated: entries };
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function samePin(a: SourcePin, b: SourcePin): boolean {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.every((name) => a[name] === b[name]);
}
