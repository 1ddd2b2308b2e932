import type { ErrnoName } from '../../errors/errno.js';
import { Failure } from '../../errors/failure.js';
import type { FileSystem, Request } from '../../fs/operations.js';

/** Methods of a file system that answer a request of the kernel. */
export type OperationName = Exclude<keyof FileSystem, 'start' | 'stop' | 'sync' | 'forget'>;

/** A request that waits for its answer. */
export interface OpenOperation {
  readonly operation: OperationName;
  readonly ageMs: number;
  /** Of the calling process, as the kernel tells it; 0 where it does not. */
  readonly pid: number;
  /** The inode that it is about, or its parent directory. */
  readonly ino: string;
}

/** What became of the requests of one kind. */
export interface OperationCount {
  readonly operation: OperationName;
  /** Answered, errors included. */
  readonly count: number;
  /** Answers that were errors, by name. ENOENT of a lookup is an ordinary answer and counts too. */
  readonly errors: Readonly<Partial<Record<ErrnoName, number>>>;
  /** Time from request to answer in sum. */
  readonly totalMs: number;
}

/** What is under way in a file system, and what has been. */
export interface OperationLog {
  /** Oldest first. */
  open(): readonly OpenOperation[];
  /** In order of first use. */
  counts(): readonly OperationCount[];
  /** Ends the requests that are older than `ageMs` with the failure `timeout`. */
  cut(ageMs: number): void;
}

/** A total table: an operation that the contract gains is missed by the compiler. */
const TRACKED: Readonly<Record<OperationName, true>> = {
  lookup: true,
  getattr: true,
  setattr: true,
  readlink: true,
  symlink: true,
  mknod: true,
  mkdir: true,
  unlink: true,
  rmdir: true,
  rename: true,
  link: true,
  open: true,
  create: true,
  tmpfile: true,
  read: true,
  write: true,
  flush: true,
  fsync: true,
  release: true,
  fallocate: true,
  lseek: true,
  copyFileRange: true,
  opendir: true,
  readdir: true,
  fsyncdir: true,
  releasedir: true,
  getxattr: true,
  listxattr: true,
  setxattr: true,
  removexattr: true,
  statfs: true,
};

interface Entry {
  readonly operation: OperationName;
  readonly beganMs: number;
  readonly args: readonly unknown[];
  readonly request: Request | undefined;
  /** Ended from here. */
  isCut: boolean;
}

interface Tally {
  count: number;
  readonly errors: Partial<Record<ErrnoName, number>>;
  totalMs: number;
}

/** The same file system, whose requests are seen from outside while they run, and counted. */
export function trackOperations(fileSystem: FileSystem): {
  readonly fileSystem: FileSystem;
  readonly log: OperationLog;
} {
  const tracker = new Tracker();
  // The keys of a total table are its names; Object.keys does not say so.
  const names = Object.keys(TRACKED) as OperationName[];
  const tracked = Object.fromEntries(names.map((name) => [name, tracker.wrap(fileSystem, name)]));
  return { fileSystem: { ...fileSystem, ...tracked }, log: tracker };
}

class Tracker implements OperationLog {
  readonly #open = new Set<Entry>();
  readonly #tallies = new Map<OperationName, Tally>();

  /** One method with a note before and after it. */
  wrap(fileSystem: FileSystem, operation: OperationName) {
    // All methods of the table answer by a promise; TypeScript can not call a union of their signatures.
    const method = fileSystem[operation].bind(fileSystem) as (
      ...args: readonly unknown[]
    ) => Promise<unknown>;
    const tally: Tally = { count: 0, errors: {}, totalMs: 0 };
    return async (...args: readonly unknown[]): Promise<unknown> => {
      const request = args.find(isRequest);
      const entry: Entry = { operation, beganMs: performance.now(), args, request, isCut: false };
      this.#open.add(entry);
      try {
        return await method(...args);
      } catch (reason) {
        const failure = entry.isCut ? givenUp(operation, reason) : Failure.from(reason);
        tally.errors[failure.errno] = (tally.errors[failure.errno] ?? 0) + 1;
        throw failure;
      } finally {
        this.#open.delete(entry);
        tally.count += 1;
        tally.totalMs += performance.now() - entry.beganMs;
        if (tally.count === 1) this.#tallies.set(operation, tally);
      }
    };
  }

  open(): readonly OpenOperation[] {
    const nowMs = performance.now();
    return [...this.#open].map(({ operation, beganMs, args, request }) => ({
      operation,
      ageMs: nowMs - beganMs,
      pid: request?.pid ?? 0,
      ino: String(args[0]),
    }));
  }

  cut(ageMs: number): void {
    const before = performance.now() - ageMs;
    for (const entry of this.#open) {
      if (entry.beganMs > before) continue;
      entry.isCut = true;
      entry.request?.abort();
    }
  }

  counts(): readonly OperationCount[] {
    return [...this.#tallies].map(([operation, { count, errors, totalMs }]) => ({
      operation,
      count,
      errors: { ...errors },
      totalMs,
    }));
  }
}

function givenUp(operation: OperationName, cause: unknown): Failure {
  const { message } = Failure.from(cause);
  return new Failure('timeout', `${operation} was given up, because the store does not answer: ${message}`, {
    cause,
  });
}

/** An argument of every operation but `release` and `releasedir`; no other has both. */
function isRequest(argument: unknown): argument is Request {
  return typeof argument === 'object' && argument !== null && 'pid' in argument && 'signal' in argument;
}
