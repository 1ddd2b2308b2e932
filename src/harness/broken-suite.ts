import { Failure } from '../errors/failure.js';
import type { SuiteResult } from '../report/model.js';

/** A suite that could not be begun, as a result: it can not hide by being absent. */
export function brokenSuite(suite: string, target: string, reason: unknown): SuiteResult {
  return {
    suite,
    target,
    control: false,
    elapsedMs: 0,
    cases: [
      {
        id: `${suite}/start`,
        says: 'the target can be started for the suite',
        group: suite,
        operations: [],
        state: 'broken',
        reason: Failure.from(reason).toLine(),
        elapsedMs: 0,
        seed: 0,
      },
    ],
  };
}
