import type { Failure, FailureKind } from '../errors/failure.js';

/**
 * Failures of the optimized way after which one plain transfer is worth a try. Everything else would fail in the same
 * way or must not be tried: the user's own cancel, a failed condition, a replaced or missing object, a lack of rights,
 * an error of the local file.
 */
const WORTH_A_PLAIN_TRY = new Set<FailureKind>([
  'throttled',
  'server-error',
  'timeout',
  'reset',
  'short-body',
  'bad-checksum',
  'bad-range',
  'missing-upload',
  'unsupported',
  'invalid-request',
]);

export function isWorthPlainTry({ kind, retryAfterMs = 0 }: Failure): boolean {
  // The plain request would come sooner than the server has asked for.
  return WORTH_A_PLAIN_TRY.has(kind) && retryAfterMs === 0;
}

/** One line for the summary and the log. */
export function fallbackReason(failure: Failure): string {
  return `${failure.kind}: ${failure.message}`;
}
