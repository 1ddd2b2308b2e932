import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/schema.js';
import { deadline } from '../errors/deadline.js';
import { Failure } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import type { Drift, SuiteResult } from '../report/model.js';
import { daemonLogs } from './daemon-logs.js';
import type { FixtureFile } from './api/case.js';
import type { LikeTree } from './api/like.js';
import type { RunPlan, UnmetNeed, WorkerEvent } from './api/protocol.js';
import type { ServerControl } from './endpoint-wish.js';
import type { RunScope } from './run-scope.js';
import { LIKE_CASE } from './like-tree.js';
import { MODEL_SUITE, withNearEdges } from './model-suite.js';
import { runExternal } from './external/run-external.js';
import { runSuite, type SuiteJob } from './run-suite.js';
import type { ChosenSuite } from './suite-choice.js';
import { endTarget, STOP_LIMIT_MS } from './target-end.js';
import { probeTarget } from './targets/probes/probe-target.js';
import { TargetSession } from './targets/session.js';
import type { TargetDriver, TargetStore } from './targets/target.js';

/** What every suite of a run shares. */
export interface SuiteTools {
  readonly scope: RunScope;
  readonly config: Config;
  readonly seed: number;
  readonly fixtures: readonly FixtureFile[];
  readonly progress: Progress;
  readonly log: Log;
  /** Where what was seen of a hang is written. Absent: nowhere. */
  readonly hangFolder?: string;
  /** For the suite `model`. */
  readonly model: NonNullable<RunPlan['model']>;
  /** For the suite `integrity`. */
  readonly like?: LikeTree;
}

export interface SuiteOnTarget {
  readonly suite: ChosenSuite;
  readonly driver: TargetDriver;
  readonly control: boolean;
  readonly store?: TargetStore;
  /** What the S3 server can not do, beside what the target can not. */
  readonly unmet?: readonly UnmetNeed[];
  /** Of the embedded server. */
  readonly server?: ServerControl;
  /** Proves that the started target is what it says, before the first case. */
  readonly prove?: (session: TargetSession) => Promise<void>;
  /** Whether the target is compared with its declared profile before the first case. @defaultValue false */
  readonly probe?: boolean;
}

/**
 * Starts a target, runs one suite on it, and stops it, whatever happens.
 *
 * @throws Failure where the target can not be started or its proof fails; the signal's reason when it fires.
 */
export async function runOnTarget(
  tools: SuiteTools,
  job: SuiteOnTarget,
  signal: AbortSignal,
): Promise<SuiteResult> {
  const { suite } = job.suite;
  const label = job.control ? `${suite}-control` : suite;
  const session = await placeTarget(tools, job, label);
  let result: SuiteResult;
  try {
    await session.start(signal);
    await job.prove?.(session);
    const drift = job.probe === true ? { drift: await probe(tools, job, session, signal) } : {};
    result = { ...(await runCases(tools, job, session, label, signal)), ...drift };
  } catch (reason) {
    await session.stop(deadline(STOP_LIMIT_MS)).catch((cause: unknown) => {
      tools.log.warn({ suite, err: Failure.from(cause) }, 'the target did not end as it should');
    });
    throw reason;
  }
  return await endTarget(session, result);
}

/** A call that hangs is told, too; the cases then begin on a target that was started anew. */
async function probe(
  { scope }: SuiteTools,
  { driver }: SuiteOnTarget,
  session: TargetSession,
  signal: AbortSignal,
): Promise<Drift[]> {
  const { directory } = session.target;
  const onProcess = (pid: number): Promise<void> => scope.record.worker(pid);
  const { drift, hangs } = await probeTarget({ directory, unmet: driver.unmet, onProcess }, signal);
  if (hangs) {
    await session.kill();
    await session.start(signal);
  }
  return [...drift];
}

async function placeTarget(tools: SuiteTools, job: SuiteOnTarget, label: string): Promise<TargetSession> {
  const folder = join(tools.scope.folder, label);
  await mkdir(folder, { mode: 0o711 });
  return new TargetSession(job.driver, {
    runId: tools.scope.runId,
    folder,
    ...(job.store === undefined ? {} : { store: job.store }),
    config: await configOf(tools, job, label),
    looksIntoHangs: tools.hangFolder !== undefined,
    record: tools.scope.record,
  });
}

async function configOf({ config, scope }: SuiteTools, job: SuiteOnTarget, label: string): Promise<Config> {
  const known = job.suite.suite === MODEL_SUITE ? withNearEdges(config) : config;
  if (job.store === undefined) return known;
  await mkdir(daemonLogs(scope.folder), { recursive: true });
  const { logFile = join(daemonLogs(scope.folder), `${label}.log`) } = known.mount;
  return { ...known, mount: { ...known.mount, logFile } };
}

async function runCases(
  tools: SuiteTools,
  job: SuiteOnTarget,
  session: TargetSession,
  label: string,
  signal: AbortSignal,
): Promise<SuiteResult> {
  const { progress, scope, log } = tools;
  const { control } = job;
  const hangs = tools.hangFolder === undefined ? {} : { hangFolder: tools.hangFolder };
  const { suite, only, files, external } = job.suite;
  const total = external === undefined ? only.length : files.length;
  progress.begin(`${suite} on ${job.driver.name}${control ? ' (control)' : ''}`, total);
  if (external !== undefined)
    return runExternal({ scope, suite, control, session, progress, ...hangs, ...external }, signal);
  return runSuite(
    {
      scope,
      suite,
      files,
      label,
      control,
      session,
      plan: planFor(tools, job),
      onEvent: tellProgress.bind(undefined, progress),
      ...hangs,
      ...(job.server === undefined ? {} : { server: job.server }),
      log,
    },
    signal,
  );
}

function unmetByConfig({ mount }: Config): readonly UnmetNeed[] {
  if (mount.diskCache > 0) return [];
  return [{ need: 'disk-cache', state: 'unsupported', reason: 'mount.diskCache is 0' }];
}

function planFor(
  { scope, seed, model, like, config, fixtures }: SuiteTools,
  { suite: { suite, only }, driver, store, unmet = [] }: SuiteOnTarget,
): SuiteJob['plan'] {
  return {
    runId: scope.runId,
    suite,
    only: [...only],
    target: driver.name,
    seed,
    ...(store === undefined ? {} : { store }),
    ...(suite === MODEL_SUITE ? { model } : {}),
    ...(suite === LIKE_CASE.suite && like !== undefined ? { like } : {}),
    transfer: config.transfer,
    unmet: [...driver.unmet, ...unmet, ...unmetByConfig(config)],
    fixtures: [...fixtures],
  };
}

function tellProgress(progress: Progress, event: WorkerEvent): void {
  if (event.event === 'case-start') progress.advance(0, event.id);
  if (event.event === 'case-end') progress.advance(1, event.result.id);
}
