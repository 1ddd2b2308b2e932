import type { CaseState, RequestCount } from '../../report/model.js';
import { nameOfErrno } from './errno-names.js';
import type { ErrnoName } from '../../errors/errno.js';
import type { FileHandle } from 'node:fs/promises';
import { CaseFailure, noteCheck } from './assert.js';

/** How a case ended. */
export interface Outcome {
  readonly state: CaseState;
  readonly reason?: string;
  /** What it measured. */
  readonly note?: string;
  /** What the server was asked meanwhile; absent where nobody counted. */
  readonly requests?: RequestCount[];
}

/** Thrown by `context.skip`. */
export class SkipCase extends Error {
  override readonly name = 'SkipCase';
}

/** Thrown when the limit of a case passes while the event loop is free. */
export class CaseTimeout extends Error {
  override readonly name = 'CaseTimeout';
}

/**
 * See `CaseContext.expectErrno`.
 *
 * @throws CaseFailure where `action` succeeds, or fails with another error.
 */
export async function expectErrno(
  expected: ErrnoName | readonly ErrnoName[],
  action: () => unknown,
): Promise<void> {
  const names: readonly string[] = typeof expected === 'string' ? [expected] : expected;
  const wanted = names.join(' or ');
  noteCheck();
  let result: unknown;
  try {
    result = await action();
  } catch (reason) {
    const code = codeOf(reason);
    if (code !== undefined && names.includes(code)) return;
    throw new CaseFailure(`expected ${wanted}, but got ${code ?? 'no errno'} (${messageOf(reason)})`);
  }
  await closeIfHandle(result);
  throw new CaseFailure(`expected ${wanted}, but the call succeeded`);
}

/** The errno name of an error of `node:fs` or of {@link Syscalls}, also of one that libuv has no name for (ESTALE). */
export function codeOf(reason: unknown): string | undefined {
  if (typeof reason !== 'object' || reason === null || !('code' in reason)) return undefined;
  if (typeof reason.code !== 'string') return undefined;
  if (!reason.code.startsWith('Unknown system error') || !('errno' in reason)) return reason.code;
  return nameOfErrno(Number(reason.errno)) ?? reason.code;
}

/** The outcome of a case that threw: one paragraph of what was expected and what happened, and where. */
export function outcomeOf(says: string, reason: unknown): Outcome {
  if (reason instanceof SkipCase) return { state: 'skipped', reason: reason.message };
  if (reason instanceof CaseTimeout) return { state: 'hung', reason: reason.message };
  const happened = reason instanceof CaseFailure ? reason.message : `unexpected error: ${messageOf(reason)}`;
  const sentence = says.replace(/\.$/, '');
  return { state: 'failed', reason: `Expected: ${sentence}. Happened: ${happened}${placeOf(reason)}` };
}

/** By shape, not class: errors of Node's core are of another realm in a Jest worker. */
export function messageOf(reason: unknown): string {
  if (typeof reason !== 'object' || reason === null || !('message' in reason)) return String(reason);
  return String(reason.message);
}

/** The first line of a suite's own file in the stack: ` (suites/posix/rename.suite.ts:41)`. */
function placeOf(reason: unknown): string {
  if (typeof reason !== 'object' || reason === null || !('stack' in reason)) return '';
  const place = /(suites\/[\w./-]+:\d+)(?::\d+)?/.exec(String(reason.stack))?.[1];
  return place === undefined ? '' : ` (${place})`;
}

/** A call that should have failed may have opened a file: an `fs.promises.open` handle would leak. */
async function closeIfHandle(result: unknown): Promise<void> {
  if (typeof result !== 'object' || result === null) return;
  if (!('fd' in result) || !('close' in result) || typeof result.close !== 'function') return;
  const handle = result as FileHandle; // by the shape just checked: its class is of another realm in Jest
  await handle.close();
}
