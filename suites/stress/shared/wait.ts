import { setTimeout as delay } from 'node:timers/promises';
import { fail, type CaseContext } from '../../../src/harness/api/index.js';

const LOOK_EVERY_MS = 5;

/**
 * Looks until `look` answers `true`.
 *
 * @returns Milliseconds that it took.
 * @throws CaseFailure after `limitMs`, with `what` was waited for.
 */
export async function until(
  context: Pick<CaseContext, 'signal'>,
  what: string,
  limitMs: number,
  look: () => Promise<boolean>,
): Promise<number> {
  const beganMs = performance.now();
  for (;;) {
    context.signal.throwIfAborted();
    if (await look()) return performance.now() - beganMs;
    if (performance.now() - beganMs > limitMs) fail(`${what} did not come within ${limitMs} ms`);
    await delay(LOOK_EVERY_MS);
  }
}

/** What the largest and the middle one of some durations are. */
export function percentiles(timesMs: readonly number[]): string {
  const sorted = timesMs.toSorted((left, right) => left - right);
  const at = (share: number): number => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return `${at(1)} ms at p100 (${at(0.5)} ms at p50, ${sorted.length} times)`;
}
