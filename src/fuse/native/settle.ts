import { ERRNO } from '../../errors/errno.js';
import { Failure } from '../../errors/failure.js';
import type { NativeCallback } from './fuse-native.js';

/** Runs an operation and calls back once: 0 and its results, or the negated errno. */
export function settle(done: NativeCallback, work: () => Promise<unknown>): void {
  settleCount(done, async () => [0, ...results(await work())]);
}

/** As {@link settle}, where the status is a count of bytes. */
export function settleCount(
  done: NativeCallback,
  work: () => Promise<readonly [number, ...unknown[]]>,
): void {
  work().then(
    (answer) => {
      done(...answer);
    },
    (reason: unknown) => {
      done(-ERRNO[Failure.from(reason).errno]);
    },
  );
}

/** Only a list is a list of results; anything else (an entry, nothing) is no business of libfuse. */
function results(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
