import type { Need } from './case.js';
import type { RunPlan, UnmetNeed } from './protocol.js';

/** The first of these needs that target or machine do not meet, and why. */
export function unmetNeed(plan: RunPlan, needs: readonly Need[]): Omit<UnmetNeed, 'need'> | undefined {
  const declared = plan.unmet.find((unmet) => needs.includes(unmet.need));
  if (declared !== undefined) return declared;
  if (needs.includes('root') && process.getuid?.() !== 0) {
    return { state: 'skipped', reason: 'the harness does not run as root' };
  }
  if (needs.includes('store') && plan.store === undefined) {
    return { state: 'skipped', reason: `no bucket stands behind ${plan.target}` };
  }
  if (needs.includes('remount') && plan.controlSocket === undefined) {
    return { state: 'skipped', reason: `${plan.target} can not be remounted` };
  }
  return undefined;
}
