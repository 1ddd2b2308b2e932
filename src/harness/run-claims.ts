import { asOneFamily } from '../bench/analyze.js';
import { STORM_REQUESTS_PER_SECOND } from '../bench/claims.js';
import { judgeClaim, judgeStormClaims, missingProgram } from '../bench/judge-claims.js';
import type { Config } from '../config/schema.js';
import { LOOPBACK } from '../emulator/link/profiles.js';
import { usageError } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import type { BenchCell, RunReport } from '../report/model.js';
import type { Invocation, RunOutcome } from './assemble-report.js';
import type { EndpointWish } from './endpoint-wish.js';
import { Ledger } from './ledger.js';
import type { MeasureJob } from './measure-experiment.js';
import { addUp, describeLinks, measureLinks, simulatedBy } from './measure-links.js';
import { planClaims, type PlannedClaims } from './plan-claims.js';
import { reportedRun, withEndpoint } from './reported-run.js';
import { measureStormOn } from './run-storm.js';
import { judgeBench, judgeClaims } from './verdict.js';

export interface ClaimsPlan {
  readonly wish: EndpointWish;
  readonly seed: number;
  readonly config: Config;
  /** Absent: ten. */
  readonly blocks?: number;
  readonly invocation: Invocation;
}

/**
 * The work of `objectfs bench --claims`: what the project says of its transfers, each sentence measured on the link that
 * it names, and a row of one report.
 *
 * @throws Failure `usage` for a link of which nothing is claimed, impossible blocks and an endpoint that is no embedded
 * server, before anything is made; the signal's reason when it fires, after the clean-up.
 */
export async function runClaims(
  wanted: ClaimsPlan,
  signal: AbortSignal,
  progress: Progress,
  log: Log,
  ledger: Ledger = new Ledger(),
): Promise<RunReport> {
  const { wish, seed, config, blocks } = wanted;
  if (wish.settings.endpoint !== undefined) {
    throw usageError(
      `--claims needs the links of the embedded server, but the endpoint ${wish.settings.endpoint} is set`,
      'Leave out the endpoint',
    );
  }
  const planned = await planClaims({
    ...{ seed, transfer: config.transfer },
    ...(wish.link === undefined ? {} : { link: wish.link }),
    ...(blocks === undefined ? {} : { blocks }),
  });
  return reportedRun(wanted, { ledger, progress }, (scope) =>
    measureAll({ scope, progress, log }, wanted, planned, signal),
  );
}

async function measureAll(
  job: MeasureJob,
  wanted: ClaimsPlan,
  planned: PlannedClaims,
  signal: AbortSignal,
): Promise<RunOutcome> {
  const { experiments } = planned;
  const [first] = experiments;
  if (first === undefined) throw usageError('Nothing is claimed', 'Leave out --link');
  const found = await measureLinks(job, wanted.wish, experiments, signal);
  const storms = planned.withStorm ? [await measureStorm(job, wanted, signal)] : [];
  const bench = asOneFamily(first.plan, found.cells);
  const claims = rowsOf(wanted, planned, bench, storms);
  const cleanup = [...found.cleanup, ...storms.flatMap((storm) => storm.cleanup)];
  const moved = judgeBench(bench, cleanup);
  return {
    ...(moved.verdict === 'failed' ? moved : judgeClaims(claims, cleanup)),
    ...simulatedBy(experiments.map(({ link }) => link)),
    ...{ endpoint: found.endpoint, server: found.server, suites: [], bench, claims, cleanup },
    ...(storms[0] === undefined ? {} : { storm: storms[0].storm }),
    experiment: describeLinks(experiments, first, bench),
    requests: addUp([...found.requests, ...storms.flatMap((storm) => storm.requests)]),
  };
}

type StormOutcome = Awaited<ReturnType<typeof measureStormOn>>;

async function measureStorm(
  job: MeasureJob,
  { wish, config }: ClaimsPlan,
  signal: AbortSignal,
): Promise<StormOutcome> {
  const plan = { config, requestsPerSecond: STORM_REQUESTS_PER_SECOND };
  const wanted = { wish: { settings: wish.settings }, defaultLink: LOOPBACK };
  return withEndpoint(job.scope, wanted, signal, (endpoint) =>
    measureStormOn({ ...job, plan, endpoint }, signal),
  );
}

function rowsOf(
  { seed }: ClaimsPlan,
  { experiments, claims, missing }: PlannedClaims,
  cells: readonly BenchCell[],
  storms: readonly StormOutcome[],
) {
  const evidence = { cells, links: experiments.map(({ link }) => link), seed };
  return [
    ...claims.map((claim) => judgeClaim(claim, evidence)),
    ...missing.map(missingProgram),
    ...storms.flatMap(({ storm }) => judgeStormClaims(storm)),
  ];
}
