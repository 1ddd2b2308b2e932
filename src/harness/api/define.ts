import { setTimeout as delay } from 'node:timers/promises';
import type { CaseGroup, DirectStore } from './case.js';
import type { Outcome } from './outcome.js';
import { handOver } from './collect.js';
import { DEFAULT_CALL_TIMEOUT_MS, WATCHDOG_GRACE_MS } from './limits.js';
import { readPlan, writeEvent } from './plan.js';
import type { RunPlan } from './protocol.js';
import { cleanUpTimeoutOf, runCase, timeoutOf, type GroupRun } from './run-case.js';
import { mixSeed } from './seeded.js';

/** Set-up, clean-up and the pause after a hung case must fit into Jest's own limit. */
const JEST_MARGIN_MS = 30_000;

/**
 * Registers the cases of one file of a suite: called once, at the top level of `suites/<suite>/<group>.suite.ts`.
 * Each case becomes a Jest test; its result goes to the runner as an event. Where the cases are only asked for
 * (`collect.ts`), they are handed over and not run.
 *
 * @throws Failure `usage` outside a run; Error where a case's id is malformed or used twice.
 */
export function defineGroup(group: CaseGroup): void {
  checkIds(group);
  if (handOver(group)) return;
  const plan = readPlan();
  const done = new Set(plan.done);
  const only = plan.only === undefined ? undefined : new Set(plan.only);
  const cases = group.cases.filter(({ id }) => !done.has(id) && only?.has(id) !== false);
  writeEvent(plan, {
    event: 'group',
    group: group.group,
    cases: cases.map(({ id, says, operations, ...rest }) => ({
      id,
      says,
      operations: [...operations],
      seed: mixSeed(plan.seed, id),
      timeoutMs: timeoutOf({ id, says, operations, ...rest }),
      callTimeoutMs: rest.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS,
    })),
  });
  const run = groupRun(plan, group.group);
  describe(`${group.suite}: ${group.group}`, () => {
    for (const definition of cases) {
      const jestLimitMs = timeoutOf(definition) + cleanUpTimeoutOf(definition) + JEST_MARGIN_MS;
      test(`${definition.id}: ${definition.says}`, () => report(runCase(run, definition)), jestLimitMs);
    }
    // Jest refuses a file without a test: its cases may be done or not chosen.
    if (cases.length === 0) test.skip('no case is left to run', () => undefined);
  });
}

function groupRun(plan: RunPlan, group: string): GroupRun {
  let store: Promise<DirectStore> | undefined;
  const openStore = async (): Promise<DirectStore> => {
    // Loaded when used: the AWS SDK takes a second to import.
    const { openDirectStore } = await import('./direct-store.js');
    return openDirectStore(plan);
  };
  return { plan, group, openStore: () => (store ??= openStore()) };
}

/** Shows the outcome to Jest as well, whose console output is what a developer of a suite sees. */
async function report(running: Promise<Outcome>): Promise<void> {
  const outcome = await running;
  // The runner ends this worker now: the target is restarted before the next case.
  if (outcome.state === 'hung') await delay(WATCHDOG_GRACE_MS);
  if (outcome.state === 'failed' || outcome.state === 'broken' || outcome.state === 'hung') {
    throw new Error(`${outcome.state}: ${outcome.reason ?? ''}`);
  }
}

function checkIds(group: CaseGroup): void {
  const seen = new Set<string>();
  for (const { id } of group.cases) {
    if (!id.startsWith(`${group.group}/`) || !/^[a-z0-9-]+\/[a-z0-9-]+$/.test(id)) {
      throw new Error(`The case id "${id}" is not of the form ${group.group}/lower-case-words`);
    }
    if (seen.has(id)) throw new Error(`The case id "${id}" is used twice`);
    seen.add(id);
  }
}
