import { join } from 'node:path';
import type { CaseDefinition, DirectStore } from '../api/case.js';
import { openDirectStore } from '../api/direct-store.js';
import type { Outcome } from '../api/outcome.js';
import type { RunPlan } from '../api/protocol.js';
import { runCase } from '../api/run-case.js';
import { loadGroups } from '../case-catalog.js';
import { caseOrderSchema, caseWorkSchema, type CaseAnswer, type CaseOrder } from './case-messages.js';

/*
 * Runs single cases on demand, without Jest: a process that stays up takes milliseconds for a case where a Jest process
 * takes a second to begin. Started by `CaseHost`; it ends with its channel.
 */

process.once('disconnect', () => process.exit());
process.on('SIGINT', () => undefined); // the runner decides
process.once('message', (message) => {
  void begin(message);
});

async function begin(message: unknown): Promise<void> {
  const { suites, plan } = caseWorkSchema.parse(message);
  const cases = new Map<string, CaseDefinition>();
  for (const suite of suites) {
    for (const { groups = [] } of await loadGroups(suite)) {
      for (const each of groups.flatMap((group) => group.cases)) cases.set(`${suite}:${each.id}`, each);
    }
  }
  const areas = new Areas(plan);
  process.on('message', (order) => {
    void answer(caseOrderSchema.parse(order), cases, areas);
  });
  tell({ answer: 'ready' });
}

async function answer(order: CaseOrder, cases: ReadonlyMap<string, CaseDefinition>, areas: Areas) {
  const definition = cases.get(`${order.suite}:${order.id}`);
  const outcome: Outcome =
    definition === undefined
      ? { state: 'broken', reason: `There is no case ${order.suite}:${order.id}` }
      : await areas.run(order, definition);
  const { state, reason } = outcome;
  tell({ answer: 'outcome', state, ...(reason === undefined ? {} : { reason }) });
}

/** Each area is a target of its own for its cases, with the store opened below it. */
class Areas {
  readonly #plan: RunPlan;
  #area = '';
  #store: Promise<DirectStore> | undefined;

  constructor(plan: RunPlan) {
    this.#plan = plan;
  }

  async run({ suite, area }: CaseOrder, definition: CaseDefinition): Promise<Outcome> {
    if (area !== this.#area) await this.#leave();
    this.#area = area;
    const plan = this.#planFor(suite, area);
    const openStore = (): Promise<DirectStore> => (this.#store ??= openDirectStore(plan));
    return runCase({ plan, group: suite, openStore }, definition);
  }

  async #leave(): Promise<void> {
    const store = await this.#store?.catch(() => undefined);
    this.#store = undefined;
    store?.close();
  }

  #planFor(suite: string, area: string): RunPlan {
    const { store, directory } = this.#plan;
    return {
      ...this.#plan,
      suite,
      directory: join(directory, area),
      ...(store === undefined ? {} : { store: { ...store, prefix: `${store.prefix}${area}/` } }),
    };
  }
}

function tell(answer: CaseAnswer): void {
  process.send?.(answer);
}
