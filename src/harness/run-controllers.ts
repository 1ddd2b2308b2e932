import { asOneFamily } from '../bench/analyze.js';
import type { Config } from '../config/schema.js';
import { profileOf } from '../emulator/link/profile-file.js';
import { usageError } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import type { RunReport } from '../report/model.js';
import type { Invocation, RunOutcome } from './assemble-report.js';
import type { EndpointWish } from './endpoint-wish.js';
import { Ledger } from './ledger.js';
import type { MeasureJob } from './measure-experiment.js';
import { describeLinks, measureLinks, simulatedBy, type LinkExperiment } from './measure-links.js';
import { planControllers } from './plan-controllers.js';
import { judgeBench } from './verdict.js';
import { reportedRun } from './reported-run.js';

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
  const { cells, cleanup, requests, endpoint, server } = await measureLinks(job, wish, experiments, signal);
  const bench = asOneFamily(first.plan, cells);
  return {
    ...judgeBench(bench, cleanup),
    ...simulatedBy(experiments.map(({ link }) => link)),
    ...{ endpoint, server, suites: [], bench, requests, cleanup },
    experiment: describeLinks(experiments, first, bench),
  };
}
