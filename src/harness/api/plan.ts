import { appendFileSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Failure, usageError } from '../../errors/failure.js';
import type { RequestCount } from '../../report/model.js';
import type { TargetControl } from './case.js';
import type { ControlReply, ControlRequest, RunPlan, WorkerEvent } from './protocol.js';

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

/** Commands over the runner's unix socket: one connection per request. */
export function controlOf(socketPath: string, signal: AbortSignal): TargetControl {
  return {
    remount: async () => {
      await ask(socketPath, { request: 'remount' }, signal);
    },
    crash: async () => {
      await ask(socketPath, { request: 'crash' }, signal);
    },
    requestCounts: () => ask(socketPath, { request: 'counts' }, signal),
  };
}

async function ask(
  socketPath: string,
  request: ControlRequest,
  signal: AbortSignal,
): Promise<readonly RequestCount[]> {
  const socket = connect(socketPath);
  const cancel = (): void => {
    socket.destroy(new Failure('cancelled', `The case ended while the runner worked on ${request.request}`));
  };
  signal.addEventListener('abort', cancel, { once: true });
  try {
    socket.write(`${JSON.stringify(request)}\n`);
    const reply = JSON.parse(await text(socket)) as ControlReply; // of the runner that started this worker
    if (!reply.ok) throw new Failure('internal', `The runner could not ${request.request}: ${reply.message}`);
    return reply.counts ?? [];
  } finally {
    signal.removeEventListener('abort', cancel);
    socket.destroy();
  }
}
