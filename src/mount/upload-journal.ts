import { randomUUID } from 'node:crypto';
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '../errors/failure.js';
import { localFailure } from '../fs/data/local-bytes.js';
import { errorCode } from '../fuse/error-code.js';
import type { Log } from '../log/log.js';
import { isAmbiguous } from '../s3/backoff.js';
import type { ObjectStore } from '../s3/store.js';

/** One line of the journal. */
const lineSchema = z.discriminatedUnion('line', [
  /** About to be asked for. */
  z.object({ line: z.literal('begin'), token: z.string(), key: z.string(), atMs: z.number() }),
  z.object({ line: z.literal('open'), token: z.string(), uploadId: z.string() }),
  /** Completed, aborted, or never made. */
  z.object({ line: z.literal('end'), token: z.string() }),
]);
type Line = z.infer<typeof lineSchema>;

/** A multipart upload of ours that may still be open on the server. */
interface OpenUploadNote {
  readonly token: string;
  readonly key: string;
  readonly atMs: number;
  /** Absent where the reply never came. */
  uploadId: string | undefined;
}

/** Where only key and time tell an upload ours: room for clocks that differ, and for the time the request took. */
const CLOCK_MARGIN_MS = 5_000;
const REQUEST_LIMIT_MS = 15_000;

/** Lines after which a journal with nothing open is begun anew. */
const COMPACT_AFTER_LINES = 300;

/**
 * The multipart uploads that mounts of one cache folder have open. A line stands in the folder before an upload is
 * made, so that the next mount knows what a killed daemon left, and no upload of anybody else is ever taken for ours.
 */
export class UploadJournal {
  readonly #path: string;
  readonly #open = new Map<string, OpenUploadNote>();
  /** Lines are written one after the other. */
  #written: Promise<void> = Promise.resolve();
  #lines = 0;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Takes over what earlier mounts of the folder left open. @throws Failure `no-space`, `internal` of the folder. */
  static async in(cacheFolder: string): Promise<UploadJournal> {
    const journal = new UploadJournal(join(cacheFolder, 'uploads.jsonl'));
    for (const line of await readLines(journal.#path)) journal.#apply(line);
    await journal.#queue(() => journal.#rewrite());
    return journal;
  }

  /** After the last upload. With nothing open no file is left. */
  async close(): Promise<void> {
    await this.#written;
    if (this.#open.size === 0) await rm(this.#path, { force: true });
  }

  /** The same store, whose multipart uploads are noted. */
  note(store: ObjectStore): ObjectStore {
    return {
      ...store,
      createUpload: async (key, options) => {
        const token = randomUUID();
        await this.#append({ line: 'begin', token, key, atMs: Date.now() });
        const uploadId = await store.createUpload(key, options).catch(async (reason: unknown) => {
          const failure = Failure.from(reason);
          const mayBeThere = isAmbiguous(failure) || failure.kind === 'cancelled';
          if (!mayBeThere) await this.#append({ line: 'end', token });
          throw failure;
        });
        await this.#append({ line: 'open', token, uploadId });
        return uploadId;
      },
      completeUpload: async (key, uploadId, parts, options) => {
        const result = await store.completeUpload(key, uploadId, parts, options);
        await this.#end(uploadId);
        return result;
      },
      abortUpload: async (key, uploadId, options) => {
        await store.abortUpload(key, uploadId, options);
        await this.#end(uploadId);
      },
    };
  }

  /** Aborts what earlier mounts left open. What can not be aborted now stays noted, and the log says so. */
  async abortLeft(store: ObjectStore, log: Log): Promise<void> {
    for (const left of [...this.#open.values()]) {
      try {
        for (const uploadId of await idsOf(store, left)) {
          await abort(store, left.key, uploadId);
          log.info({ key: left.key, uploadId }, 'aborted a multipart upload of an earlier mount');
        }
        await this.#append({ line: 'end', token: left.token });
      } catch (reason) {
        log.warn({ key: left.key, err: Failure.from(reason) }, 'an upload of an earlier mount is left');
      }
    }
  }

  /** Never fails: aborting once more what has ended does no harm. */
  async #end(uploadId: string): Promise<void> {
    for (const note of this.#open.values()) {
      if (note.uploadId === uploadId) {
        await this.#append({ line: 'end', token: note.token }).catch(() => undefined);
      }
    }
  }

  async #append(line: Line): Promise<void> {
    this.#apply(line);
    await this.#queue(async () => {
      if (this.#open.size === 0 && this.#lines > COMPACT_AFTER_LINES) await this.#rewrite();
      else await appendFile(this.#path, toText([line]), { mode: 0o600 });
    });
  }

  async #queue(write: () => Promise<void>): Promise<void> {
    const next = this.#written.then(write);
    this.#written = next.catch(() => undefined);
    await next.catch((reason: unknown) => {
      throw localFailure(reason, this.#path);
    });
  }

  async #rewrite(): Promise<void> {
    const lines = [...this.#open.values()].flatMap(({ uploadId, ...note }): Line[] => [
      { line: 'begin', ...note },
      ...(uploadId === undefined ? [] : [{ line: 'open' as const, token: note.token, uploadId }]),
    ]);
    const fresh = `${this.#path}.new`;
    await writeFile(fresh, toText(lines), { mode: 0o600 });
    await rename(fresh, this.#path);
    this.#lines = lines.length;
  }

  #apply(line: Line): void {
    this.#lines += 1;
    if (line.line === 'end') this.#open.delete(line.token);
    else if (line.line === 'begin') {
      const { token, key, atMs } = line;
      this.#open.set(token, { token, key, atMs, uploadId: undefined });
    } else {
      const note = this.#open.get(line.token);
      if (note !== undefined) note.uploadId = line.uploadId;
    }
  }
}

function toText(lines: readonly Line[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

/** A last line that was cut by a crash is left out: what it was about to say had not happened. */
async function readLines(path: string): Promise<readonly Line[]> {
  const text = await readFile(path, 'utf8').catch((reason: unknown) => {
    if (errorCode(reason) === 'ENOENT') return '';
    throw Failure.from(reason);
  });
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [lineSchema.parse(JSON.parse(line))];
    } catch {
      return [];
    }
  });
}

/**
 * Of an upload whose id never came: the one of that key that was made while the request was on its way. Where more
 * than one was, another client is at work on the key, and none is touched.
 */
async function idsOf(store: ObjectStore, left: OpenUploadNote): Promise<readonly string[]> {
  if (left.uploadId !== undefined) return [left.uploadId];
  const earliestMs = left.atMs - CLOCK_MARGIN_MS;
  const latestMs = left.atMs + REQUEST_LIMIT_MS;
  const found = (await store.listUploads(left.key)).filter(
    ({ key, initiatedMs }) => key === left.key && initiatedMs >= earliestMs && initiatedMs <= latestMs,
  );
  return found.length === 1 ? found.map(({ uploadId }) => uploadId) : [];
}

async function abort(store: ObjectStore, key: string, uploadId: string): Promise<void> {
  try {
    await store.abortUpload(key, uploadId);
  } catch (reason) {
    if (Failure.from(reason).kind !== 'missing-upload') throw reason;
  }
}
