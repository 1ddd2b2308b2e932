import { deadline } from '../errors/deadline.js';
import { Failure } from '../errors/failure.js';
import type { CaseResult, SuiteResult } from '../report/model.js';
import type { TargetSession } from './targets/session.js';

/** How long a target may take to save what it has when its suite is over. */
export const STOP_LIMIT_MS = 60_000;

/**
 * Ends the target of a suite. One that does not save what it has, or does not end, has failed a case more: the results
 * before it are not thrown away. It is gone in any case.
 *
 * @param limitMs - until it is killed. @defaultValue {@link STOP_LIMIT_MS}
 */
export async function endTarget(
  session: TargetSession,
  result: SuiteResult,
  limitMs = STOP_LIMIT_MS,
): Promise<SuiteResult> {
  const { suite } = result;
  // Not the run's signal: after Ctrl-C the target is still to be stopped.
  const limit = deadline(limitMs);
  const startedMs = performance.now();
  try {
    await session.stop(limit);
    return result;
  } catch (reason) {
    const end: CaseResult = {
      id: `${suite}/end`,
      says: 'the target saves everything and ends',
      group: suite,
      operations: [],
      state: 'failed',
      reason: limit.aborted ? `It did not end within ${limitMs / 1000} s` : Failure.from(reason).toLine(),
      elapsedMs: performance.now() - startedMs,
      seed: 0,
    };
    return { ...result, cases: [...result.cases, end] };
  }
}
