import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure } from '../errors/failure.js';
import {
  foldLines,
  ledgerLineSchema,
  type BucketEntry,
  type LedgerLine,
  type NewLedgerLine,
  type RunEntry,
} from './ledger-line.js';
import { ledgerPath } from './state.js';

/** The append-only file, JSON lines, of what runs of this user have made. */
export class Ledger {
  readonly path: string;

  /** @param path - @defaultValue `ledger.jsonl` in the state folder; see `stateFolder`. */
  constructor(path: string = ledgerPath()) {
    this.path = path;
  }

  /**
   * Adds one line and waits until it is on the disk. One small write with O_APPEND: lines of runs that work at the
   * same time do not mix. The line feed in front ends a line that a crash tore.
   *
   * @throws Failure `access-denied` where the state folder can not be written: nothing is made then.
   */
  async append(line: NewLedgerLine): Promise<void> {
    const text = JSON.stringify({ ...line, at: new Date().toISOString() });
    try {
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      const file = await open(this.path, 'a', 0o600);
      try {
        await file.write(`\n${text}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (cause) {
      throw new Failure('access-denied', `The ledger ${this.path} can not be written`, {
        subject: this.path,
        remedy: 'Set OBJECTFS_STATE_DIR to a folder that you may write to',
        cause,
      });
    }
  }

  /** All runs, oldest first. A torn or foreign line is passed over. */
  async runs(): Promise<readonly RunEntry[]> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (cause) {
      if (isMissing(cause)) return [];
      throw new Failure('access-denied', `The ledger ${this.path} can not be read`, {
        subject: this.path,
        cause,
      });
    }
    return foldLines(text.split('\n').flatMap((row) => parseLine(row)));
  }

  /** The newest entry of this bucket at this endpoint, if a run of this user made it. */
  async findBucket(bucket: string, endpoint: string): Promise<BucketEntry | undefined> {
    const runs = await this.runs();
    return runs
      .flatMap((run) => run.buckets)
      .findLast((entry) => entry.bucket === bucket && entry.endpoint === endpoint);
  }
}

/** What `objectfs buckets list` shows: the runs that still have something open or left, oldest first. */
export async function listLedger(ledger: Ledger = new Ledger()): Promise<readonly RunEntry[]> {
  const runs = await ledger.runs();
  return runs.filter((run) => run.state !== 'closed' || run.buckets.some((entry) => entry.state !== 'gone'));
}

function parseLine(row: string): readonly LedgerLine[] {
  if (row === '') return [];
  try {
    const parsed = ledgerLineSchema.safeParse(JSON.parse(row));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

function isMissing(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT';
}
