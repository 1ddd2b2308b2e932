import { Failure, type FailureKind } from '../errors/failure.js';

/** Exit codes of every command: 0 done, 1 a failed or inconclusive run, 2 wrong use, 130 stopped by Ctrl-C. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Failures that the caller can put right before trying again: wrong names, rights, addresses, credentials. */
const WRONG_USE: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'usage',
  'missing-bucket',
  'no-credentials',
  'denied',
  'bad-signature',
  'clock-skew',
  'unreachable',
  'not-owned',
  'not-permitted',
  'access-denied',
  'busy',
]);

export function exitCodeFor(failure: Failure): number {
  if (failure.kind === 'cancelled') return EXIT.interrupted;
  return WRONG_USE.has(failure.kind) ? EXIT.usage : EXIT.failed;
}

/** Prints one clear line for whatever was thrown, and sets the exit code. Stack traces only with OBJECTFS_TRACE. */
export function reportFailure(reason: unknown): void {
  const failure = Failure.from(reason);
  // Parsers and servers put line breaks into their messages: here each failure is one line.
  process.stderr.write(`objectfs: ${failure.toLine().replace(/\s*[\r\n]+\s*/g, ' ')}\n`);
  if (process.env['OBJECTFS_TRACE'] !== undefined) process.stderr.write(`${String(failure.stack)}\n`);
  process.exitCode = exitCodeFor(failure);
}

/** `objectfs config | head`: the reader has what it wanted. */
export function endQuietlyOnClosedPipe(reason: NodeJS.ErrnoException): void {
  if (reason.code === 'EPIPE') process.exit();
  // A download that failed breaks its stream off, and the command tells why.
  if (reason instanceof Failure) return;
  throw reason;
}
