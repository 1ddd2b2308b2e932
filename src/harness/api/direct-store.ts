import { Failure } from '../../errors/failure.js';
import type { DirectStore } from './case.js';
import type { RunPlan } from './protocol.js';

/**
 * The bucket behind the target, without the target.
 *
 * @throws Failure `unsupported` where the plan names no bucket.
 */
export function openDirectStore(plan: RunPlan): Promise<DirectStore> {
  return Promise.reject(new Failure('unsupported', `No bucket stands behind ${plan.target}`));
}
