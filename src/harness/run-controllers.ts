import { asOneFamily, describeExperiment } from '../bench/analyze.js';
import { describePlan } from '../bench/plan.js';
import type { Config } from '../config/schema.js';
import { profileOf } from '../emulator/link/profile-file.js';
import { usageError } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import type { BenchCell, Cleanup, Experiment, RequestCount, RunReport } from '../report/model.js';
import { factsOf, type Invocation, type RunOutcome } from './assemble-report.js';
import type { EndpointWish } from './endpoint-wish.js';
import { Ledger } from './ledger.js';
import { measureOn, type MeasureJob } from './measure-experiment.js';
import { planControllers, type LinkExperiment } from './plan-controllers.js';
import { judgeBench } from './verdict.js';
import { reportedRun, withEndpoint } from './reported-run.js';

export interface ControllersPlan {
  readonly wish: EndpointWish;
  readonly seed: number;
  readonly config: Config;
  readonly sizesBytes?: readonly number[];
  readonly blocks?: number;
  readonly invocation: Invocation;
}

/**
 * The work of `objectfs bench --controllers`: one embedded server after another, each behind its own link, and on each
 * the same objects by each window controller.
 *
 * @throws Failure `usage` for impossible sizes and blocks, an unknown link and an endpoint that is no embedded server,
 * before anything is made; the signal's reason when it fires, after the clean-up.
 */
export async function runControllers(
  wanted: ControllersPlan,
  signal: AbortSignal,
  progress: Progress,
  log: Log,
  ledger: Ledger = new Ledger(),
): Promise<RunReport> {
  const { wish, seed, config, sizesBytes, blocks } = wanted;
  if (wish.settings.endpoint !== undefined) {
    throw usageError(
      `--controllers needs the links of the embedded server, but the endpoint ${wish.settings.endpoint} is set`,
      'Leave out the endpoint, or use --arms fixed,cubic,bbr on it',
    );
  }
  const experiments = planControllers({
    ...{ seed, transfer: config.transfer },
    ...(wish.link === undefined ? {} : { link: profileOf(wish.link) }),
    ...(sizesBytes === undefined ? {} : { sizesBytes }),
    ...(blocks === undefined ? {} : { blocks }),
  });
  const [first] = experiments;
  if (first === undefined)
    throw usageError('There is nothing to move', 'Give --sizes up to 8MiB for slow links');
  return reportedRun(wanted, { ledger, progress }, (scope) =>
    measureAll({ scope, progress, log }, { wish, experiments, first }, signal),
  );
}

interface Controllers {
  readonly wish: EndpointWish;
  readonly experiments: readonly LinkExperiment[];
  readonly first: LinkExperiment;
}

async function measureAll(
  job: MeasureJob,
  { wish, experiments, first }: Controllers,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const cells: BenchCell[] = [];
  const cleanup: Cleanup[] = [];
  const requests: RequestCount[] = [];
  let facts: Pick<RunOutcome, 'endpoint' | 'server'> = { endpoint: '', server: '' };
  for (const [index, { link, plan }] of experiments.entries()) {
    const wanted = { wish: { settings: wish.settings }, defaultLink: link };
    await withEndpoint(job.scope, wanted, signal, async (endpoint) => {
      facts = factsOf(endpoint);
      const measurement = { name: `bench-${index + 1}`, experiment: plan, cleanup };
      const measured = await measureOn(job, endpoint, measurement, signal);
      cells.push(...measured.map((cell) => ({ ...cell, label: `${cell.label}, ${link.name}` })));
      requests.push(...(await endpoint.requestCounts()));
    });
  }
  const bench = asOneFamily(first.plan, cells);
  return {
    ...judgeBench(bench, cleanup),
    ...facts,
    ...simulatedBy(first, experiments.length),
    suites: [],
    bench,
    experiment: experimentOf(experiments, first, bench),
    requests: addUp(requests),
    cleanup,
  };
}

/** Every page says SIMULATED; the first link stands for all of them. */
function simulatedBy({ link }: LinkExperiment, links: number): Pick<RunReport, 'simulated'> {
  return { simulated: { profile: link, reason: `${links} links were asked for; each row names its own` } };
}

function experimentOf(
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

/** The servers' counts, operation by operation. */
function addUp(counts: readonly RequestCount[]): RequestCount[] {
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
