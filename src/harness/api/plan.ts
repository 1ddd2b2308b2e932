import { appendFileSync, readFileSync } from 'node:fs';
import { usageError } from '../../errors/failure.js';
import type { RunPlan, WorkerEvent } from './protocol.js';

/** Names the file of the run plan to a worker. */
export const RUN_PLAN_VARIABLE = 'OBJECTFS_RUN_PLAN';

/** Whether this process is the worker of a run. */
export function isInRun(): boolean {
  return process.env[RUN_PLAN_VARIABLE] !== undefined;
}

/**
 * The plan of the run that this worker belongs to.
 *
 * @throws Failure `usage` outside a run: suites are started by the runner, which owns target and bucket.
 */
export function readPlan(environment: NodeJS.ProcessEnv = process.env): RunPlan {
  const path = environment[RUN_PLAN_VARIABLE];
  if (path === undefined) {
    throw usageError(
      `${RUN_PLAN_VARIABLE} is not set`,
      'Suites are started by the runner: npm run suite -- posix',
    );
  }
  return JSON.parse(readFileSync(path, 'utf8')) as RunPlan; // the worker's main has checked it
}

/** Synchronous: a worker that is caught in a system call afterwards has still said it. */
export function writeEvent(plan: RunPlan, event: WorkerEvent): void {
  appendFileSync(plan.eventsFile, `${JSON.stringify(event)}\n`);
}
