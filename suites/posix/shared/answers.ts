import { codeOf, equal, type CaseContext, type ErrnoName } from '../../../src/harness/api/index.js';

/** What a synchronous call answers: `ok` or the errno name. */
export function answerOf(call: () => unknown): string {
  try {
    call();
    return 'ok';
  } catch (reason) {
    return codeOf(reason) ?? String(reason);
  }
}

/** One row of a table of refusals: what it is, the errno it fails with, and the call. */
export type Refusal = readonly [what: string, errno: ErrnoName | 'ok', call: () => unknown];

/** Compares each answer of a table with the one that the man page gives. */
export function expectAnswers(rows: readonly Refusal[]): void {
  for (const [what, expected, call] of rows) equal(answerOf(call), expected, what);
}

/** A descriptor by the raw call, closed also when the body throws. */
export function withRaw<T>(context: CaseContext, path: string, flags: number, body: (fd: number) => T): T {
  const fd = Number(context.sys.call('open', path, flags, 0o644));
  try {
    return body(fd);
  } finally {
    context.sys.call('close', fd);
  }
}
