import { CLIENT_NEEDS, type Need } from './case.js';
import type { RunPlan, UnmetNeed } from './protocol.js';

const DONE_BY_RUNNER: readonly Need[] = [
  'remount',
  'faults',
  'second-mount',
  ...CLIENT_NEEDS,
  'target-settings',
];

/** Whether a case with this need talks to the runner. */
export function isDoneByRunner(need: Need): boolean {
  return DONE_BY_RUNNER.includes(need);
}

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
  const byRunner = plan.controlSocket === undefined ? needs.find(isDoneByRunner) : undefined;
  if (byRunner !== undefined) {
    return {
      state: 'skipped',
      reason: `the runner does not start ${plan.target}, so there is no ${byRunner}`,
    };
  }
  return undefined;
}
