import { join } from 'node:path';
import type { Progress } from '../../log/progress.js';
import type { CaseResult, SuiteResult } from '../../report/model.js';
import { dumpHang } from '../hang-dump.js';
import type { RunScope } from '../run-scope.js';
import { reviveTarget } from '../targets/revive.js';
import type { TargetSession } from '../targets/session.js';
import type { ExternalProgram, Outcome } from './program.js';
import { runGroup } from './run-group.js';

/** After so many hangs the programs that are left are not run: bounds the whole run. */
const MOST_HANGS = 5;
const CLEAN_UP_LIMIT_MS = 60_000;

export interface ExternalJob {
  readonly scope: RunScope;
  readonly suite: string;
  readonly control: boolean;
  readonly session: TargetSession;
  readonly programs: readonly ExternalProgram[];
  readonly progress: Progress;
  /** Of one program. */
  readonly limitMs: number;
  /** Where what was seen of a hang is written. Absent: nowhere. */
  readonly hangFolder?: string;
}

/**
 * Runs programs one after the other, each in a fresh directory of the target as its working directory. One that passes
 * its limit is `hung`: the target is ended and started anew, and the next one goes on.
 *
 * @throws the signal's reason when it fires; the program is ended then.
 */
export async function runExternal(job: ExternalJob, signal: AbortSignal): Promise<SuiteResult> {
  const startedMs = performance.now();
  const cases: CaseResult[] = [];
  let hangs = 0;
  let lost: string | undefined;
  for (const [index, program] of job.programs.entries()) {
    signal.throwIfAborted();
    const begunMs = performance.now();
    const judge =
      lost === undefined
        ? await runProgram(job, program, index, signal)
        : always({ state: 'broken', reason: `It was not run: ${lost}` });
    const results = resultsOf(program, judge, performance.now() - begunMs);
    cases.push(...results);
    if (results.some(({ state }) => state === 'hung')) {
      hangs += 1;
      const gone = await reviveTarget(job.session, signal);
      if (gone !== undefined) lost = `the target did not come back after a hang: ${gone.message}`;
      else if (hangs >= MOST_HANGS) lost = `${hangs} programs hung before`;
    }
    job.progress.advance(results.length, results[0]?.id ?? '');
  }
  const { suite, control, session } = job;
  return { suite, target: session.driver.name, control, elapsedMs: performance.now() - startedMs, cases };
}

type Judge = (id: string) => Outcome;

function always(outcome: Outcome): Judge {
  return () => outcome;
}

/** The time of a program with several cases is that of all of them: it does not tell whose it was. */
function resultsOf({ cases, seed = 0 }: ExternalProgram, judge: Judge, elapsedMs: number): CaseResult[] {
  return cases.map((each) => ({ ...each, operations: [], seed, ...judge(each.id), elapsedMs }));
}

async function runProgram(
  job: ExternalJob,
  program: ExternalProgram,
  index: number,
  signal: AbortSignal,
): Promise<Judge> {
  const { scope, session, limitMs } = job;
  const directory = join(session.target.directory, `external-${index}`);
  const onStarted = async (pid: number) => {
    await scope.record.worker(pid);
  };
  const options = { onStarted, onLate: dumpOf(job, program), release: () => session.kill() };
  // The shell enters the target: a call of ours on a mount that hangs would hang the runner.
  const enter = 'mkdir -m 755 "$0" && cd "$0" && exec "$@"';
  const words = ['-c', enter, directory, ...program.command];
  const end = await runGroup(words, { ...options, limitMs }, signal);
  if (end === undefined) return always({ state: 'hung', reason: `It did not end within ${limitMs} ms` });
  const remove = ['-c', 'rm -rf "$0"', directory];
  const cleaned = await runGroup(remove, { ...options, limitMs: CLEAN_UP_LIMIT_MS }, signal);
  if (cleaned === undefined) {
    return always({ state: 'hung', reason: 'What it left could not be removed in time' });
  }
  return (id) => program.judge(end, id);
}

/** Writes down what can be seen of a program that passed its limit; the run goes on without it where that fails. */
function dumpOf({ hangFolder, session, limitMs }: ExternalJob, { cases }: ExternalProgram) {
  return async (pid: number): Promise<void> => {
    const id = cases[0]?.id ?? 'program';
    const reason = `It did not end within ${limitMs} ms`;
    const scene = { id, reason, workerPid: pid, ...session.whereabouts() };
    if (hangFolder !== undefined) await dumpHang(hangFolder, scene).catch(() => undefined);
  };
}
