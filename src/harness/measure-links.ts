import { describeExperiment } from '../bench/analyze.js';
import { describePlan, type ExperimentPlan } from '../bench/plan.js';
import type { LinkProfile } from '../emulator/link/profile.js';
import type { BenchCell, Cleanup, Experiment, RequestCount, RunReport } from '../report/model.js';
import { factsOf, type RunOutcome } from './assemble-report.js';
import type { Endpoint, EndpointWish } from './endpoint-wish.js';
import { measureOn, type MeasureJob } from './measure-experiment.js';
import { withEndpoint } from './reported-run.js';

/** One link, and what is measured on it. */
export interface LinkExperiment {
  readonly link: LinkProfile;
  readonly plan: ExperimentPlan;
}

/** What a run over several links has brought so far, in the order of the links. */
export interface LinkFindings {
  /** Each label names its link. */
  readonly cells: BenchCell[];
  readonly requests: RequestCount[];
  readonly cleanup: Cleanup[];
}

/**
 * Runs each experiment on an embedded server of its own behind its own link, one after another.
 *
 * @throws what an experiment throws; what was made until then is removed.
 */
export async function measureLinks(
  job: MeasureJob,
  { settings }: Pick<EndpointWish, 'settings'>,
  experiments: readonly LinkExperiment[],
  signal: AbortSignal,
): Promise<LinkFindings & Pick<RunOutcome, 'endpoint' | 'server'>> {
  const cleanup: Cleanup[] = [];
  const cells: BenchCell[] = [];
  const requests: RequestCount[] = [];
  let facts: Pick<RunOutcome, 'endpoint' | 'server'> = { endpoint: '', server: '' };
  for (const [index, { link, plan }] of experiments.entries()) {
    const measure = async (endpoint: Endpoint) => {
      const { endpoint: name, server } = factsOf(endpoint);
      facts = { endpoint: name, server };
      const measurement = { name: `bench-${index + 1}`, experiment: plan, cleanup };
      const measured = await measureOn(job, endpoint, measurement, signal);
      cells.push(...measured.map((cell) => ({ ...cell, label: `${cell.label}, ${link.name}` })));
      requests.push(...(await endpoint.requestCounts()));
    };
    await withEndpoint(job.scope, { wish: { settings }, defaultLink: link }, signal, measure);
  }
  return { cells, cleanup, requests: addUp(requests), ...facts };
}

/** How it was done on all links; margin and blocks are those of the first. */
export function describeLinks(
  experiments: readonly LinkExperiment[],
  first: LinkExperiment,
  bench: readonly BenchCell[],
): Experiment {
  const notes = experiments.flatMap(({ link, plan }) => [
    `${link.name}: ${link.description}. ${describePlan(plan)}`,
    ...plan.notes,
  ]);
  return { ...describeExperiment(first.plan, bench), notes };
}

/** Every page says SIMULATED; the first link stands for all of them. */
export function simulatedBy(links: readonly LinkProfile[]): Pick<RunReport, 'simulated'> {
  const [first] = links;
  if (first === undefined) return {};
  const names = new Set(links.map(({ name }) => name));
  return {
    simulated: { profile: first, reason: `${names.size} links were asked for; each row names its own` },
  };
}

/** The servers' counts, operation by operation. */
export function addUp(counts: readonly RequestCount[]): RequestCount[] {
  const sums = new Map<string, RequestCount>();
  for (const { operation, count, errors, bytesSent, bytesReceived } of counts) {
    const sum = sums.get(operation) ?? { operation, count: 0, errors: 0, bytesSent: 0, bytesReceived: 0 };
    sums.set(operation, {
      operation,
      count: sum.count + count,
      errors: sum.errors + errors,
      bytesSent: sum.bytesSent + bytesSent,
      bytesReceived: sum.bytesReceived + bytesReceived,
    });
  }
  return [...sums.values()];
}
