import type { Config } from '../../config/schema.js';
import { plantedDefects, type PlantedDefect } from '../../config/planted.js';
import { usageError, type Failure } from '../../errors/failure.js';
import type { Log } from '../../log/log.js';
import type { Progress } from '../../log/progress.js';
import type { Cleanup, RunReport } from '../../report/model.js';
import type { Selftest } from '../../report/selftest-model.js';
import { assembleReport, type Invocation } from '../assemble-report.js';
import { createRandom, shuffled } from '../../random/random.js';
import { catalogOf } from '../case-catalog.js';
import { startEnvironmentProbe } from '../environment.js';
import { availableSuites } from '../find-suites.js';
import { loadFixtures } from '../fixtures.js';
import { Ledger } from '../ledger.js';
import { MODEL_SUITE } from '../model-suite.js';
import { closeAndTell, openRun } from '../run-scope.js';
import { matches, type ListedCase } from '../selection.js';
import { judgeSelftest } from '../verdict.js';
import type { HostedOutcome } from './case-host.js';
import { brokenMutant, judgeMutant } from './judge-mutant.js';
import type { BoardTools, Lane } from './lane.js';
import { LaneKeeper, type Worked } from './lane-keeper.js';

export interface SelftestPlan {
  /** `quick`: the cases that are expected to notice. `full`: all others too, for what these have missed. */
  readonly tier: 'quick' | 'full';
  /** Patterns of ids of defects; absent: all. */
  readonly filter?: string;
  /** So many of them, chosen by the seed; absent: all. */
  readonly sample?: number;
  /** Mounts at once. */
  readonly lanes: number;
  /** How often the expected cases are run without any defect. */
  readonly controlRounds: number;
  readonly seed: number;
  readonly config: Config;
  readonly invocation: Invocation;
}

/**
 * The mutation board: plants one defect after the other into the reference file system, its store, the transporter,
 * the embedded server and its link, and tells which case notices. A defect that no case notices fails the run.
 *
 * @throws Failure `unsupported` in a build without planted defects, `usage` where the filter fits none; the signal's
 * reason when it fires, after the clean-up.
 */
export async function runSelftest(
  plan: SelftestPlan,
  signal: AbortSignal,
  progress: Progress,
  log: Log,
  ledger: Ledger = new Ledger(),
): Promise<RunReport> {
  const defects = sampleOf(chooseDefects(await plantedDefects(), plan.filter), plan);
  // Random programs are no cases with an expectation of their own.
  const suites = (await availableSuites()).filter((suite) => suite !== MODEL_SUITE);
  const cases = await listAll(suites);
  const fixtures = await loadFixtures();
  const probe = await startEnvironmentProbe();
  const scope = await openRun(ledger);
  const cleanup: Cleanup[] = [];
  const lanes: LaneKeeper[] = [];
  try {
    const tools = { scope, config: plan.config, seed: plan.seed, fixtures, progress, log };
    const board = { plan, tools, suites, defects, cases, lanes, cleanup };
    const { selftest, facts } = await openAndJudge(board, signal);
    const judged = judgeSelftest(selftest, cleanup);
    const rest = { suites: [], bench: [], requests: [], cleanup, selftest };
    return await assembleReport(scope, plan, probe, { ...rest, ...facts, ...judged });
  } finally {
    await closeAndTell(scope, progress);
  }
}

interface Board {
  readonly plan: SelftestPlan;
  readonly tools: BoardTools;
  readonly suites: readonly string[];
  readonly defects: readonly PlantedDefect[];
  readonly cases: readonly ListedCase[];
  readonly lanes: LaneKeeper[];
  readonly cleanup: Cleanup[];
}

async function openAndJudge(board: Board, signal: AbortSignal) {
  const { plan, tools, suites, defects, cases, lanes, cleanup } = board;
  try {
    for (let at = 1; at <= Math.min(plan.lanes, defects.length); at += 1) {
      const lane = { name: `selftest-${at}`, suites, tools, version: plan.invocation.version };
      lanes.push(await LaneKeeper.open(lane, cleanup, signal));
    }
    const control = await runControl(board, signal);
    const mutants = await onLanes(board, 'mutation board', defects, signal, {
      run: (lane, defect) => judgeMutant(lane, defect, casesFor(defect, cases, plan.tier), signal),
      broken: brokenMutant,
    });
    const [first] = lanes;
    if (first === undefined) throw usageError('The mutation board needs at least one mount');
    const selftest: Selftest = { tier: plan.tier, control, mutants };
    return { selftest, facts: first.facts };
  } finally {
    for (const lane of lanes) await lane.close();
  }
}

interface ControlOutcome extends HostedOutcome {
  readonly id: string;
}

async function runControl(board: Board, signal: AbortSignal): Promise<Selftest['control']> {
  const { plan, defects, cases } = board;
  const expected = new Set(defects.flatMap((defect) => casesFor(defect, cases, 'quick')));
  const bad: Selftest['control']['bad'] = [];
  for (let round = 1; round <= plan.controlRounds; round += 1) {
    const outcomes = await onLanes<ListedCase, ControlOutcome>(
      board,
      `control ${round}`,
      [...expected],
      signal,
      {
        run: async (lane, entry) => ({
          id: `${entry.suite}:${entry.id}`,
          ...(await lane.run(entry, await lane.area(), signal)),
        }),
        broken: ({ suite, id }, { message }) => ({ id: `${suite}:${id}`, state: 'broken', reason: message }),
      },
    );
    for (const { id, state, reason = state } of outcomes) if (state !== 'passed') bad.push({ id, reason });
  }
  return { rounds: plan.controlRounds, cases: expected.size, bad };
}

interface LaneWork<Piece, Result> {
  readonly run: (lane: Lane, piece: Piece) => Promise<Result>;
  /** What to book for a piece under which its lane broke. */
  readonly broken: (piece: Piece, why: Failure) => Result;
}

/** One piece of work after the other on each lane; answers in the order of the work. */
async function onLanes<Piece, Result>(
  { lanes, tools }: Board,
  title: string,
  work: readonly Piece[],
  signal: AbortSignal,
  { run, broken }: LaneWork<Piece, Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = [...work.entries()];
  tools.progress.begin(title, work.length);
  const serve = async (keeper: LaneKeeper): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [at, piece] = next;
      const worked: Worked<Result> = await keeper.use((lane) => run(lane, piece), signal);
      results[at] = 'broke' in worked ? broken(piece, worked.broke) : worked.result;
      tools.progress.advance(1, title);
    }
  };
  const served = await Promise.allSettled(lanes.map(serve));
  for (const outcome of served) if (outcome.status === 'rejected') throw outcome.reason;
  return results;
}

/** The expected cases first; with the whole tier, each other case behind them, the lightest first. */
function casesFor(
  defect: PlantedDefect,
  cases: readonly ListedCase[],
  tier: SelftestPlan['tier'],
): readonly ListedCase[] {
  const expected = defect.expected.flatMap((name) =>
    cases.filter((entry) => `${entry.suite}:${entry.id}` === name),
  );
  if (tier === 'quick') return expected;
  const others = cases.filter((entry) => entry.tier !== 'soak' && !expected.includes(entry));
  return [...expected, ...others.sort((a, b) => a.timeoutMs - b.timeoutMs)];
}

function chooseDefects(all: readonly PlantedDefect[], filter: string | undefined): readonly PlantedDefect[] {
  if (filter === undefined) return all;
  const patterns = filter.split(',');
  const chosen = all.filter(({ id, where }) =>
    patterns.some((pattern) => matches(pattern, { suite: where, id, group: where })),
  );
  if (chosen.length > 0) return chosen;
  throw usageError(`No planted defect matches ${filter}`, 'Leave out --filter to see them all', filter);
}

/** The same seed gives the same sample, in the order of the board. */
function sampleOf(
  defects: readonly PlantedDefect[],
  { sample, seed }: SelftestPlan,
): readonly PlantedDefect[] {
  if (sample === undefined) return defects;
  const chosen = new Set(shuffled(defects, createRandom(seed)).slice(0, sample));
  return defects.filter((defect) => chosen.has(defect));
}

async function listAll(suites: readonly string[]): Promise<readonly ListedCase[]> {
  const all: ListedCase[] = [];
  for (const suite of suites) all.push(...(await catalogOf(suite)).cases);
  return all;
}
