import type { Progress } from '../log/progress.js';
import type { RunReport } from '../report/model.js';
import { assembleReport, type Invocation, type RunOutcome } from './assemble-report.js';
import { openEndpoint, type EndpointOptions } from './endpoint.js';
import type { Endpoint, EndpointWish } from './endpoint-wish.js';
import { startEnvironmentProbe } from './environment.js';
import type { Ledger } from './ledger.js';
import { closeAndTell, openRun, type RunScope } from './run-scope.js';

/** A run from its line in the ledger to its report. What it has made is removed, whatever happens, or told to be left. */
export async function reportedRun(
  plan: { readonly invocation: Invocation; readonly seed: number },
  { ledger, progress }: { readonly ledger: Ledger; readonly progress: Progress },
  work: (scope: RunScope) => Promise<RunOutcome>,
): Promise<RunReport> {
  const probe = await startEnvironmentProbe();
  const scope = await openRun(ledger);
  try {
    return await assembleReport(scope, plan, probe, await work(scope));
  } finally {
    await closeAndTell(scope, progress);
  }
}

export interface WantedEndpoint extends EndpointOptions {
  readonly wish: EndpointWish;
}

/** Opens the S3 service of a run, its server's process in the ledger, and closes it after the work. */
export async function withEndpoint<T>(
  scope: RunScope,
  { wish, ...options }: WantedEndpoint,
  signal: AbortSignal,
  work: (endpoint: Endpoint) => Promise<T>,
): Promise<T> {
  const endpoint = await openEndpoint(wish, signal, options);
  try {
    if (endpoint.pid !== undefined) await scope.record.emulator(endpoint.pid);
    return await work(endpoint);
  } finally {
    await endpoint.close();
  }
}
