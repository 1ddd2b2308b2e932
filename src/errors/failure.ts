import type { ErrnoName } from './errno.js';

/**
 * Every way in which an operation of this project can fail, and the errno that the mount answers with.
 * The table is total: a new kind without an errno does not compile (architecture, invariant 7).
 */
export const ERRNO_FOR = {
  // The store
  missing: 'ENOENT',
  'missing-bucket': 'ENOENT',
  'missing-upload': 'EIO',
  denied: 'EACCES',
  'no-credentials': 'EACCES',
  'bad-signature': 'EACCES',
  'clock-skew': 'EACCES',
  archived: 'EIO', // GLACIER and DEEP_ARCHIVE: the object exists but can not be read now
  'precondition-failed': 'ESTALE',
  'changed-under-us': 'ESTALE',
  'bad-range': 'EINVAL',
  'bad-checksum': 'EIO',
  'short-body': 'EIO',
  throttled: 'EIO', // retries are already spent when this surfaces
  'server-error': 'EIO',
  timeout: 'EIO',
  reset: 'EIO',
  unreachable: 'EIO',
  'invalid-request': 'EIO',
  'bucket-exists': 'EEXIST',
  'bucket-not-empty': 'ENOTEMPTY',
  'not-owned': 'EPERM', // the harness refuses a bucket that it did not create
  unsupported: 'EOPNOTSUPP',
  // The file system
  'no-entry': 'ENOENT',
  exists: 'EEXIST',
  'not-directory': 'ENOTDIR',
  'is-directory': 'EISDIR',
  'not-empty': 'ENOTEMPTY',
  'name-too-long': 'ENAMETOOLONG',
  'symlink-loop': 'ELOOP',
  'invalid-argument': 'EINVAL',
  'not-permitted': 'EPERM',
  'access-denied': 'EACCES',
  'read-only': 'EROFS',
  'no-attribute': 'ENODATA',
  'buffer-too-small': 'ERANGE',
  'value-too-big': 'E2BIG',
  'file-too-big': 'EFBIG',
  'no-space': 'ENOSPC',
  'no-memory': 'ENOMEM',
  'bad-handle': 'EBADF',
  busy: 'EBUSY',
  stale: 'ESTALE',
  'no-data-beyond': 'ENXIO', // lseek(2) SEEK_DATA and SEEK_HOLE past the end
  'cross-device': 'EXDEV',
  'too-many-links': 'EMLINK',
  'not-implemented': 'ENOSYS',
  // Any layer
  cancelled: 'EINTR',
  usage: 'EINVAL', // the caller's mistake: the command line exits with 2
  'not-connected': 'ENOTCONN',
  internal: 'EIO',
} as const satisfies Record<string, ErrnoName>;

/** One of the kinds of {@link ERRNO_FOR}. */
export type FailureKind = keyof typeof ERRNO_FOR;

/** The facts that go with a failure. */
export interface FailureFacts {
  /** The key, path, URL or option that it is about. Never a secret. */
  readonly subject?: string;
  /** What the user can change to get further; one sentence, shown after the message. */
  readonly remedy?: string;
  /** HTTP status, where an S3 reply was the cause. */
  readonly status?: number;
  /** S3 error code (`NoSuchKey`, `SlowDown`), where an S3 reply was the cause. */
  readonly code?: string;
  /** The server's own wish, from `Retry-After`. */
  readonly retryAfterMs?: number;
  /** What lay underneath. */
  readonly cause?: unknown;
}

/** Answers to ordinary questions, thousands in a second: where they were made tells nobody anything. */
const WITHOUT_STACK: ReadonlySet<FailureKind> = new Set<FailureKind>(['no-entry', 'no-attribute', 'missing']);

/** The one error class of the project: a kind from a closed list, facts, and the cause. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly subject: string | undefined;
  readonly remedy: string | undefined;
  readonly status: number | undefined;
  readonly code: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(kind: FailureKind, message: string, facts: FailureFacts = {}) {
    const { stackTraceLimit } = Error;
    if (WITHOUT_STACK.has(kind)) Error.stackTraceLimit = 0;
    super(message, facts.cause === undefined ? {} : { cause: facts.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'Failure';
    this.kind = kind;
    this.subject = facts.subject;
    this.remedy = facts.remedy;
    this.status = facts.status;
    this.code = facts.code;
    this.retryAfterMs = facts.retryAfterMs;
  }

  /** The errno that a mount answers with for this failure. */
  get errno(): ErrnoName {
    return ERRNO_FOR[this.kind];
  }

  /** One line for a person: message, then the remedy if there is one. */
  toLine(): string {
    return this.remedy === undefined ? this.message : `${this.message}. ${this.remedy}`;
  }

  /** The only catch-all: whatever was thrown becomes a failure that keeps it as its cause. */
  static from(reason: unknown): Failure {
    if (reason instanceof Failure) return reason;
    if (isAbort(reason)) return new Failure('cancelled', 'The operation was cancelled', { cause: reason });
    const message = reason instanceof Error ? reason.message : String(reason);
    return new Failure('internal', message, { cause: reason });
  }
}

/** By name and not by class: an abort may come from another realm (a worker, a test sandbox). */
function isAbort(reason: unknown): boolean {
  if (typeof reason !== 'object' || reason === null || !('name' in reason)) return false;
  return reason.name === 'AbortError' || reason.name === 'CanceledError';
}

/** The caller used the product wrongly: exit code 2, nothing changed. */
export function usageError(message: string, remedy?: string, subject?: string): Failure {
  return new Failure('usage', message, {
    ...(remedy === undefined ? {} : { remedy }),
    ...(subject === undefined ? {} : { subject }),
  });
}
