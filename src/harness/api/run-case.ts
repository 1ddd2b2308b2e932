import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deadline } from '../../errors/deadline.js';
import { countsBetween } from '../../report/prices.js';
import { takeChecks } from './assert.js';
import type { CaseDefinition, DirectStore } from './case.js';
import { makeContext } from './context.js';
import { isDoneByRunner, unmetNeed } from './needs.js';
import { controlOf, putBack, revive } from './control.js';
import { DEFAULT_CASE_TIMEOUT_MS } from './limits.js';
import { CaseTimeout, codeOf, messageOf, outcomeOf, type Outcome } from './outcome.js';
import { writeEvent } from './plan.js';
import type { RunPlan } from './protocol.js';
import { mixSeed } from './seeded.js';

/** Removing what a case left takes longer than a plain case. */
const LEAST_CLEAN_UP_MS = 60_000;

/** The runner answers in milliseconds; without an answer the case stays without its numbers. */
const COUNT_LIMIT_MS = 10_000;

/** What runs the cases of one group. */
export interface GroupRun {
  readonly plan: RunPlan;
  readonly group: string;
  /** Opens the bucket once per group, for the first case that needs it. */
  readonly openStore: () => Promise<DirectStore>;
}

/** What a case may take to make thousands of names, its clean-up may take to remove them. */
export function cleanUpTimeoutOf(definition: CaseDefinition): number {
  return Math.max(LEAST_CLEAN_UP_MS, timeoutOf(definition));
}

/** Limit of a case with its directory made and its store opened. */
export function timeoutOf(definition: CaseDefinition): number {
  return definition.timeoutMs ?? DEFAULT_CASE_TIMEOUT_MS;
}

/** Runs one case and writes its events; the directory is removed afterwards, and a problem with that is a result of its own. */
export async function runCase(run: GroupRun, definition: CaseDefinition): Promise<Outcome> {
  writeEvent(run.plan, { event: 'case-start', id: definition.id, group: run.group });
  const startedMs = performance.now();
  const unmet = unmetNeed(run.plan, definition.needs ?? []);
  const directory = join(run.plan.directory, directoryName(definition.id));
  const notes: string[] = [];
  const ran: Outcome =
    unmet === undefined
      ? await setUpAndRun(run, definition, directory, notes)
      : { state: unmet.state, reason: unmet.reason };
  const outcome = notes.length === 0 ? ran : { ...ran, note: notes.join('; ') };
  end(run, definition, outcome, performance.now() - startedMs);
  if (unmet === undefined && outcome.state !== 'hung') await cleanUp(run, definition, directory);
  return outcome;
}

/** A folder of its own also for a second run in one process tree: the pid tells them apart. */
function directoryName(id: string): string {
  return `${id.replaceAll('/', '.').slice(0, 80)}.${process.pid.toString(36)}`;
}

async function setUpAndRun(
  run: GroupRun,
  definition: CaseDefinition,
  directory: string,
  notes: string[],
): Promise<Outcome> {
  const seed = mixSeed(run.plan.seed, definition.id);
  const limit = startLimit(timeoutOf(definition));
  try {
    const wantsStore = definition.needs?.includes('store') === true;
    const store = wantsStore ? await limit.race(run.openStore()) : undefined;
    await limit.race(mkdir(directory));
    const context = makeContext({ plan: run.plan, seed, directory, signal: limit.signal, store, notes });
    return await counted(run.plan, directory, () =>
      judge(definition, () => limit.race(definition.run(context))),
    );
  } catch (reason) {
    if (reason instanceof CaseTimeout) return outcomeOf(definition.says, reason);
    if (hasEnded(reason)) return await reviveFor(run.plan, reason);
    return { state: 'broken', reason: `The set-up of the case failed: ${messageOf(reason)}` };
  } finally {
    limit.end();
  }
}

/** With what the server was asked meanwhile: neither set-up nor clean-up, nor what the target sends later. */
async function counted(plan: RunPlan, directory: string, judging: () => Promise<Outcome>): Promise<Outcome> {
  const { controlSocket, countsRequests } = plan;
  if (countsRequests !== true || controlSocket === undefined) return judging();
  const control = controlOf(controlSocket, directory, deadline(COUNT_LIMIT_MS));
  const before = await control.requestCounts().catch(() => undefined);
  const outcome = await judging();
  // A hung case ends its worker: the runner is not kept waiting for numbers.
  if (before === undefined || outcome.state === 'hung') return outcome;
  const again = controlOf(controlSocket, directory, deadline(COUNT_LIMIT_MS));
  const after = await again.requestCounts().catch(() => undefined);
  return after === undefined ? outcome : { ...outcome, requests: countsBetween(before, after) };
}

/** A body that throws before its first promise has failed, too: its set-up was done. */
async function judge(definition: CaseDefinition, run: () => Promise<void>): Promise<Outcome> {
  try {
    await run();
    return { state: 'passed' };
  } catch (reason) {
    return outcomeOf(definition.says, reason);
  }
}

interface Limit {
  readonly signal: AbortSignal;
  /** Rejects with CaseTimeout when the limit passes first; the work itself is left to the signal. */
  race<T>(work: Promise<T>): Promise<T>;
  end(): void;
}

function startLimit(timeoutMs: number): Limit {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => {
    controller.abort(new CaseTimeout(`The case did not end within ${timeoutMs} ms`));
  }, timeoutMs);
  const passed = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as CaseTimeout); // the only reason that this controller is given
    });
  });
  // Raced by whoever waits; without a racer it must not count as unhandled.
  passed.catch(() => undefined);
  return {
    signal,
    race: (work) => Promise.race([work, passed]),
    end() {
      clearTimeout(timer);
      controller.abort(new CaseTimeout('The case has ended'));
    },
  };
}

async function cleanUp(run: GroupRun, definition: CaseDefinition, directory: string): Promise<void> {
  const limit = startLimit(cleanUpTimeoutOf(definition));
  const startedMs = performance.now();
  try {
    const { controlSocket } = run.plan;
    if (controlSocket !== undefined && definition.needs?.some(isDoneByRunner) === true) {
      await limit.race(putBack(controlSocket, limit.signal));
    }
    await limit.race(remove(run.plan, directory, limit.signal));
  } catch (reason) {
    const id = `${definition.id}/clean-up`;
    const says = `the directory of ${definition.id} can be removed`;
    writeEvent(run.plan, { event: 'case-start', id, group: run.group });
    const outcome: Outcome =
      reason instanceof CaseTimeout
        ? outcomeOf(says, reason)
        : { state: 'failed', reason: messageOf(reason) };
    end(run, { ...definition, id, says }, outcome, performance.now() - startedMs);
  } finally {
    limit.end();
  }
}

/** ECONNABORTED: it ended during the call. */
function hasEnded(reason: unknown): boolean {
  return ['ENOTCONN', 'ECONNABORTED'].includes(codeOf(reason) ?? '');
}

/** The directory of a case could not be made, because the target ended by itself before or meanwhile. */
async function reviveFor({ controlSocket }: RunPlan, reason: unknown): Promise<Outcome> {
  if (controlSocket !== undefined) {
    await revive(controlSocket, deadline(LEAST_CLEAN_UP_MS)).catch(() => undefined);
  }
  return { state: 'failed', reason: `The target ended by itself: ${messageOf(reason)}` };
}

/** A target that has ended by itself is started again for the next case; that it had ended is the failure. */
async function remove({ controlSocket }: RunPlan, directory: string, signal: AbortSignal): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true });
  } catch (reason) {
    if (!hasEnded(reason) || controlSocket === undefined) {
      throw new Error(`${directory} was not removed: ${messageOf(reason)}`, { cause: reason });
    }
    await revive(controlSocket, signal);
    await rm(directory, { recursive: true, force: true });
    throw new Error('The target had ended by itself, and was started again', { cause: reason });
  }
}

function end(run: GroupRun, definition: CaseDefinition, outcome: Outcome, elapsedMs: number): void {
  const { id, says } = definition;
  const seed = mixSeed(run.plan.seed, id);
  const operations = [...definition.operations];
  const checks = takeChecks();
  writeEvent(run.plan, {
    event: 'case-end',
    result: { id, says, group: run.group, operations, elapsedMs, seed, checks, ...outcome },
  });
}
