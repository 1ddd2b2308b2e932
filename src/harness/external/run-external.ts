import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { Failure } from '../../errors/failure.js';
import type { Progress } from '../../log/progress.js';
import type { CaseResult, SuiteResult } from '../../report/model.js';
import type { RunScope } from '../run-scope.js';
import { reviveTarget } from '../targets/revive.js';
import type { TargetSession } from '../targets/session.js';
import { EXTERNAL_LIMIT_MS, type ExternalProgram } from './choose.js';
import { readTap } from './tap.js';

/** After so many hangs the programs that are left are not run: bounds the whole run. */
const MOST_HANGS = 5;
/** How long a killed program may take; one in an uninterruptible system call can not be waited for. */
const KILL_WAIT_MS = 5_000;
const MOST_OUTPUT_CHARACTERS = 16_000_000;
const CLEAN_UP_LIMIT_MS = 60_000;

export interface ExternalJob {
  readonly scope: RunScope;
  readonly suite: string;
  readonly control: boolean;
  readonly session: TargetSession;
  readonly programs: readonly ExternalProgram[];
  readonly progress: Progress;
  /** Of one program. @defaultValue {@link EXTERNAL_LIMIT_MS} */
  readonly limitMs?: number;
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
    const outcome =
      lost === undefined
        ? await runProgram(job, program, index, signal)
        : ({ state: 'broken', reason: `It was not run: ${lost}` } as const);
    if (outcome.state === 'hung') {
      hangs += 1;
      const gone = await reviveTarget(job.session, signal);
      if (gone !== undefined) lost = `the target did not come back after a hang: ${gone.message}`;
      else if (hangs >= MOST_HANGS) lost = `${hangs} programs hung before`;
    }
    const { id, group } = program;
    const facts = { id, group, says: `${id} passes`, operations: [], seed: 0 };
    cases.push({ ...facts, ...outcome, elapsedMs: performance.now() - begunMs });
    job.progress.advance(1, id);
  }
  const { suite, control, session } = job;
  return { suite, target: session.driver.name, control, elapsedMs: performance.now() - startedMs, cases };
}

type Outcome = Pick<CaseResult, 'state' | 'reason' | 'checks'>;

async function runProgram(
  job: ExternalJob,
  { file }: ExternalProgram,
  index: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const directory = join(job.session.target.directory, `external-${index}`);
  const command = await commandOf(file).catch((reason: unknown) => Failure.from(reason).message);
  if (typeof command === 'string') return { state: 'broken', reason: command };
  // The shell enters the target: a call of ours on a mount that hangs would hang the runner.
  const enter = 'mkdir -m 755 "$0" && cd "$0" && exec "$@"';
  const limitMs = job.limitMs ?? EXTERNAL_LIMIT_MS;
  const end = await runGroup(job, ['-c', enter, directory, ...command], limitMs, signal);
  if (end === undefined) return { state: 'hung', reason: `It did not end within ${limitMs} ms` };
  const cleaned = await runGroup(job, ['-c', 'rm -rf "$0"', directory], CLEAN_UP_LIMIT_MS, signal);
  if (cleaned === undefined) return { state: 'hung', reason: 'What it left could not be removed in time' };
  return judge(end);
}

interface ProgramEnd {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly isMaxBuffer: boolean;
}

function judge({ stdout, stderr, exitCode, signal, isMaxBuffer }: ProgramEnd): Outcome {
  const verdict = readTap(stdout);
  if (exitCode === 0) return verdict;
  const how = isMaxBuffer
    ? 'it wrote too much'
    : signal === undefined
      ? `exit code ${exitCode ?? 'unknown'}`
      : signal;
  const last = stderr.trim().split('\n').slice(-5).join('\n');
  const reason = [verdict.state === 'failed' ? verdict.reason : undefined, `It ended with ${how}`, last];
  return { state: 'failed', checks: verdict.checks, reason: reason.filter(Boolean).join('\n') };
}

/** As prove(1): the interpreter of the first line, so that a test needs no execute bit; else the program itself. */
async function commandOf(file: string): Promise<readonly string[]> {
  const [first = ''] = (await readFile(file, 'latin1')).split('\n', 1);
  const [, interpreter, argument] = /^#!\s*(\S+)(?:\s+(.*?))?\s*$/.exec(first) ?? [];
  if (interpreter === undefined) return [file];
  return [interpreter, ...(argument === undefined || argument === '' ? [] : [argument]), file];
}

/** @returns `undefined` where it passed its limit. The whole process group is gone or was sent SIGKILL in any case. */
async function runGroup(
  job: ExternalJob,
  words: readonly string[],
  limitMs: number,
  signal: AbortSignal,
): Promise<ProgramEnd | undefined> {
  const child = execa('sh', [...words], {
    detached: true, // a process group of its own, with all that it starts
    cleanup: false, // its listeners would end this process at the first signal
    reject: false,
    stdin: 'ignore',
    maxBuffer: MOST_OUTPUT_CHARACTERS,
  });
  const { pid } = child;
  if (pid !== undefined) await job.scope.record.worker(pid);
  const timer = new AbortController();
  const stopped = delay(limitMs, undefined, { signal: AbortSignal.any([signal, timer.signal]) });
  const end = await Promise.race([child, stopped.catch(() => undefined)]);
  timer.abort();
  killGroup(pid);
  if (end !== undefined) {
    const { stdout, stderr, exitCode, signal: endedBy, isMaxBuffer } = end;
    const how = {
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(endedBy === undefined ? {} : { signal: endedBy }),
    };
    return { stdout, stderr, isMaxBuffer, ...how };
  }
  const isGone = await Promise.race([child.then(() => true), delay(KILL_WAIT_MS, false, { ref: false })]);
  // A program in a call on a mount that hangs dies only when the mount lets go of it.
  if (!isGone) await job.session.kill();
  signal.throwIfAborted();
  return undefined;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}
