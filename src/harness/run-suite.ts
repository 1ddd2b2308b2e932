import { readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../log/log.js';
import type { SuiteResult } from '../report/model.js';
import { Failure } from '../errors/failure.js';
import { withPrice } from '../report/prices.js';
import type { RunPlan, WorkerEvent } from './api/protocol.js';
import { dumpHang } from './hang-dump.js';
import type { ServerControl } from './endpoint-wish.js';
import type { RunScope } from './run-scope.js';
import { reviveAfterHang } from './targets/revive.js';
import type { TargetSession } from './targets/session.js';
import { CaseBook, firstLines } from './worker/case-book.js';
import { CaseService } from './worker/serve-cases.js';
import { EventTail } from './worker/event-tail.js';
import { startJest, suiteFolder, type JestEnd, type JestProcess } from './worker/jest-process.js';
import { superviseWorker, WATCH_LIMITS, type WatchLimits } from './worker/supervise.js';

/** After so many workers lost to hangs or deaths the cases that are left are not run: bounds the whole run. */
const MOST_LOST_WORKERS = 5;

/** How long a killed worker may take; one in an uninterruptible system call can not be waited for. */
const KILL_WAIT_MS = 5_000;

export interface SuiteJob {
  readonly scope: RunScope;
  readonly suite: string;
  /** Of the compiled files. @defaultValue the suite's own below `dist/suites` */
  readonly suiteFolder?: string;
  /** Short and unique in the run: names this job's files. */
  readonly label: string;
  readonly control: boolean;
  readonly session: TargetSession;
  /** Names of the files to run. @defaultValue all of the suite */
  readonly files?: readonly string[];
  readonly plan: Omit<RunPlan, 'done' | 'load' | 'eventsFile' | 'controlSocket' | 'directory'>;
  readonly onEvent: (event: WorkerEvent) => void;
  /** Of the embedded server behind the target; absent where it is another one. */
  readonly server?: ServerControl;
  readonly log: Log;
  /** Where what was seen of a hang is written. Absent: nowhere. */
  readonly hangFolder?: string;
  /** @defaultValue {@link WATCH_LIMITS} */
  readonly limits?: WatchLimits;
}

/**
 * Runs the cases of one suite on a target that is already up, in a Jest process of its own. A case that hangs or kills
 * the worker gets its result from here, and a new worker does the rest: each announced case ends with one result.
 *
 * @throws the signal's reason when it fires; the worker is gone then.
 */
export async function runSuite(job: SuiteJob, signal: AbortSignal): Promise<SuiteResult> {
  const startedMs = performance.now();
  const book = new CaseBook();
  const eventsFile = join(job.scope.folder, `${job.label}.events`);
  const tail = await EventTail.open(eventsFile);
  const socket = join(job.scope.folder, `${job.label}.sock`);
  const service = await CaseService.start(socket, job.session, job.server, signal);
  try {
    await runWorkers(job, { book, tail, eventsFile, service }, signal);
  } finally {
    await service.close();
    await tail.close();
  }
  return {
    suite: job.suite,
    target: job.session.driver.name,
    control: job.control,
    elapsedMs: performance.now() - startedMs,
    cases: book.all().map(withPrice),
  };
}

interface Channels {
  readonly book: CaseBook;
  readonly tail: EventTail;
  readonly eventsFile: string;
  readonly service: CaseService;
}

async function runWorkers(job: SuiteJob, channels: Channels, signal: AbortSignal): Promise<void> {
  const { book } = channels;
  let lost = 0;
  for (; lost < MOST_LOST_WORKERS; lost += 1) {
    const casesBefore = book.all().length;
    const worker = await startWorker(job, channels, lost);
    const outcome = await follow(job, worker, channels, signal);
    if (outcome.kind === 'ended') {
      for (const { file, message } of outcome.end.unloadable) book.addUnloadable(file, message);
      if (outcome.end.finished) break;
      const gotOn = book.all().length > casesBefore || book.running !== undefined;
      bookDeath(book, outcome.end);
      // It can not even be started: the next one would die the same way.
      if (!gotOn) break;
      job.log.warn({ suite: job.suite, how: outcome.end.how, output: outcome.end.lastOutput }, 'worker died');
    } else {
      const dump = await dumpScene(job, worker, book, outcome.reason);
      job.log.warn({ suite: job.suite, reason: outcome.reason, dump }, 'hang: the target is restarted');
      if (!(await recover(job, channels, worker, signal))) break;
    }
  }
  if (lost === MOST_LOST_WORKERS) {
    book.addBroken('worker', 'worker/given-up', `The suite was given up after ${lost} hangs or deaths`);
  }
  book.endPending(
    'The case was announced but not run: the suite ended before it, or its target was given up',
  );
  bookUnheard(book, job.plan.only ?? []);
  if (book.all().length === 0) book.addBroken(job.suite, `${job.suite}/no-cases`, 'The suite has no cases');
}

async function startWorker(job: SuiteJob, channels: Channels, round: number): Promise<JestProcess> {
  const plan: RunPlan = {
    ...job.plan,
    directory: job.session.target.directory,
    done: [...channels.book.done],
    load: await filesOf(job),
    eventsFile: channels.eventsFile,
    // The control on a plain directory has nothing to remount.
    ...(job.session.driver.needsStore ? { controlSocket: channels.service.socket } : {}),
    ...(job.server === undefined ? {} : { countsRequests: true }),
  };
  const base = join(job.scope.folder, `${job.label}.${round}`);
  await writeFile(`${base}.plan.json`, JSON.stringify(plan), { mode: 0o600 });
  const worker = startJest(`${base}.plan.json`, `${base}.jest.json`);
  await job.scope.record.worker(worker.pid);
  return worker;
}

async function filesOf({
  suite,
  suiteFolder: folder = suiteFolder(suite),
  files,
}: SuiteJob): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries
    .filter((entry) => entry.endsWith('.suite.js') && files?.includes(basename(entry)) !== false)
    .sort()
    .map((entry) => join(folder, entry));
}

async function follow(job: SuiteJob, worker: JestProcess, channels: Channels, signal: AbortSignal) {
  try {
    return await superviseWorker(worker, channels.tail, channels.book, {
      limits: job.limits ?? WATCH_LIMITS,
      onEvent: job.onEvent,
      signal,
    });
  } catch (reason) {
    await endWorker(worker);
    throw reason;
  }
}

/** Before anything is ended: afterwards there is nothing to see. */
async function dumpScene(
  { hangFolder, session, log }: SuiteJob,
  worker: JestProcess,
  book: CaseBook,
  reason: string,
): Promise<string | undefined> {
  if (hangFolder === undefined) return undefined;
  const id = book.all().findLast(({ state }) => state === 'hung')?.id ?? 'worker';
  const scene = { id, reason, workerPid: worker.pid, ...session.whereabouts() };
  try {
    return await dumpHang(hangFolder, scene);
  } catch (cause) {
    log.warn({ id, err: Failure.from(cause) }, 'what was seen of a hang could not be written');
    return undefined;
  }
}

async function recover(
  job: SuiteJob,
  { service }: Channels,
  worker: JestProcess,
  signal: AbortSignal,
): Promise<boolean> {
  const caught = {
    kill: () => {
      worker.kill();
    },
    end: () => endWorker(worker),
  };
  const lost = await reviveAfterHang(job.session, caught, () => service.abandon(), signal);
  if (lost === undefined) return true;
  job.log.error({ suite: job.suite, err: lost }, 'the target did not come back after a hang');
  return false;
}

async function endWorker(worker: JestProcess): Promise<void> {
  worker.kill();
  await Promise.race([worker.ended, delay(KILL_WAIT_MS, undefined, { ref: false })]);
}

/** A chosen case that nobody announced would vanish from the report. */
function bookUnheard(book: CaseBook, only: readonly string[]): void {
  const heard = new Set(book.done);
  for (const id of only.filter((each) => !heard.has(each))) {
    book.addBroken(id.split('/')[0] ?? id, id, 'The case was chosen, but its file did not announce it');
  }
}

function bookDeath(book: CaseBook, end: JestEnd): void {
  if (book.running !== undefined && end.how === 'signal SIGBUS') {
    const reason =
      'The program was killed by SIGBUS: the target did not give a page of a mapped file (mmap(2))';
    book.endRunning('failed', reason, performance.now());
    return;
  }
  const reason = `The suite's process died (${end.how}): ${firstLines(end.lastOutput)}`;
  if (book.running === undefined) book.addBroken('worker', `worker/died-${book.done.length}`, reason);
  else book.endRunning('broken', reason, performance.now());
}
