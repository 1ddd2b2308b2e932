import { SCHEMA_VERSION, type RunReport } from '../report/model.js';
import { PRICES_AS_OF } from '../report/prices.js';
import type { Endpoint } from './endpoint-wish.js';
import type { EnvironmentProbe } from './environment.js';
import type { RunScope } from './run-scope.js';

/** How a run was called, for its report. */
export interface Invocation {
  /** The command line, secrets left out. */
  readonly command: string;
  /** Of this package. */
  readonly version: string;
}

/** What a run brought, beside what every run has. */
export interface RunOutcome extends Pick<
  RunReport,
  | 'verdict'
  | 'reasons'
  | 'simulated'
  | 'suites'
  | 'bench'
  | 'experiment'
  | 'mounts'
  | 'selftest'
  | 'storm'
  | 'claims'
  | 'requests'
  | 'cleanup'
> {
  readonly endpoint: string;
  readonly server: string;
}

/** What a report says of an endpoint. */
export function factsOf(endpoint: Endpoint): Pick<RunOutcome, 'endpoint' | 'server' | 'simulated'> {
  const { simulated } = endpoint;
  return {
    endpoint: endpoint.name,
    server: endpoint.server,
    ...(simulated === undefined ? {} : { simulated }),
  };
}

export async function assembleReport(
  scope: RunScope,
  plan: { readonly invocation: Invocation; readonly seed: number },
  probe: EnvironmentProbe,
  { endpoint, server, ...outcome }: RunOutcome,
): Promise<RunReport> {
  return {
    schemaVersion: SCHEMA_VERSION,
    run: {
      id: scope.runId,
      ...plan.invocation,
      startedAt: new Date(scope.startedAtMs).toISOString(),
      finishedAt: new Date().toISOString(),
      seed: plan.seed,
    },
    pricesAsOf: PRICES_AS_OF,
    environment: await probe.finish(endpoint, server),
    ...outcome,
  };
}
