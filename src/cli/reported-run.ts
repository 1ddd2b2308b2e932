import { randomInt } from 'node:crypto';
import type { Argv } from 'yargs';
import type { ResolvedConfig } from '../config/load.js';
import type { EndpointWish } from '../harness/endpoint-wish.js';
import type { Invocation } from '../harness/assemble-report.js';
import type { Log } from '../log/log.js';
import type { Progress } from '../log/progress.js';
import { reportFolder } from '../report/folder.js';
import type { RunReport } from '../report/model.js';
import { Failure, usageError } from '../errors/failure.js';
import { EXIT } from './exit.js';
import { interruptible } from './interrupt.js';
import { resolveConfig, type Flags } from './options.js';
import { refuseUnusableFolder } from './output-folder.js';
import { version } from './version.js';

/** What a run of suites or of the bench gets from the command line. */
export interface RunInputs {
  readonly resolved: ResolvedConfig;
  readonly seed: number;
  readonly invocation: Invocation;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly log: Log;
}

/** Seeds stay below 2^31, so that every generator takes them. */
const SEED_LIMIT = 2 ** 31;

/** Flags of every command that makes a report. */
export function runOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('link', {
      type: 'string',
      requiresArg: true,
      describe:
        'Embedded server behind this link: loopback, lan, same-region, cross-region, home, mobile, satellite or a file.yaml',
    })
    .option('require-aws', {
      type: 'boolean',
      describe: 'Fail without AWS credentials instead of simulating',
    })
    .option('seed', {
      type: 'number',
      requiresArg: true,
      describe: 'Seed of content and order; else a random one',
    })
    .option('out', {
      type: 'string',
      requiresArg: true,
      describe: 'Folder of the report; else reports/<run>',
    });
}

/** Which S3 service the flags ask for; a default region alone never means AWS, for that costs money. */
export function wishFrom(flags: Flags, { config, values }: ResolvedConfig): EndpointWish {
  const { endpoint, ...withoutEndpoint } = config.s3;
  const origin = values.find((value) => value.key.path === 's3.endpoint')?.origin;
  const isAsked = origin?.kind !== 'environment' || origin.name.startsWith('OBJECTFS_');
  const region = textFlag(flags, 'region');
  const link = textFlag(flags, 'link');
  return {
    settings: endpoint !== undefined && isAsked ? { ...withoutEndpoint, endpoint } : withoutEndpoint,
    ...(region === undefined ? {} : { region }),
    ...(link === undefined ? {} : { link }),
    ...(flags['requireAws'] === true ? { requireAws: true } : {}),
  };
}

/** Runs, writes the report, prints its summary and paths, and sets the exit code by the verdict. */
export async function runAndReport(
  flags: Flags,
  run: (inputs: RunInputs) => Promise<RunReport>,
): Promise<void> {
  const seed = seedFrom(flags);
  const out = textFlag(flags, 'out');
  if (out !== undefined) refuseUnusableFolder('--out', out);
  const resolved = await resolveConfig(flags);
  const { createLog } = await import('../log/log.js');
  const { createProgress } = await import('../log/terminal-progress.js');
  const progress = createProgress();
  // The run's own lines come from `progress`: less than a warning is for those who ask.
  const level = flags['logLevel'] === undefined ? 'warn' : resolved.config.log.level;
  const inputs = { resolved, seed, invocation: { command: commandLine(), version: version() } };
  const report = await interruptible((signal) =>
    run({ ...inputs, signal, progress, log: createLog(level) })
      .catch((reason: unknown) => {
        throw signal.aborted ? stopped(signal, reason) : reason;
      })
      .finally(() => {
        progress.end();
      }),
  );
  await publish(report, out);
}

/** Whatever broke after Ctrl-C, the run was stopped: what else went wrong is told with it. */
function stopped(signal: AbortSignal, reason: unknown): Failure {
  const stop = Failure.from(signal.reason);
  const failure = Failure.from(reason);
  if (failure.kind === 'cancelled') return stop;
  return new Failure('cancelled', `${stop.message}; in the clean-up: ${failure.message}`, {
    remedy: 'See what is left: objectfs buckets list',
    cause: reason,
  });
}

function seedFrom(flags: Flags): number {
  const seed = numberFlag(flags, 'seed') ?? randomInt(SEED_LIMIT);
  if (Number.isInteger(seed) && seed >= 0 && seed < SEED_LIMIT) return seed;
  throw usageError(`--seed takes a whole number, not ${seed}`, `Give one from 0 to ${SEED_LIMIT - 1}`);
}

async function publish(report: RunReport, out: string | undefined): Promise<void> {
  const { writeReport } = await import('../report/write.js');
  const { consoleSummary } = await import('../report/console.js');
  const folder = reportFolder(report.run.id, out);
  const paths = await writeReport(report, folder);
  process.stdout.write(`${consoleSummary(report)}\n`);
  for (const path of [paths.html, ...paths.pngs, paths.json, paths.junit]) process.stdout.write(`${path}\n`);
  if (report.verdict !== 'passed') process.exitCode = EXIT.failed;
}

/** The command line as a person would type it again, without what a secret could follow. */
function commandLine(): string {
  const words = process.argv
    .slice(2)
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)));
  return ['objectfs', ...words].join(' ');
}

export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

export function numberFlag(flags: Flags, name: string): number | undefined {
  const value = flags[name];
  return typeof value === 'number' ? value : undefined;
}
