import type { ArgumentsCamelCase, Argv } from 'yargs';
import { EXIT } from '../exit.js';
import { interruptible } from '../interrupt.js';
import { configOptions, connectionOptions, resolveConfig } from '../options.js';

export const command = 'buckets <action>';
export const describe = 'List the buckets that runs made and did not remove, or remove what a crash left';

export function builder(yargs: Argv): Argv {
  return connectionOptions(configOptions(yargs))
    .positional('action', {
      choices: ['list', 'sweep'] as const,
      demandOption: true,
      describe: 'list: what the ledger holds; sweep: release mounts, end processes, remove buckets',
    })
    .example('objectfs buckets list', 'Runs whose clean-up is not proven')
    .example('objectfs buckets sweep', 'Clean up after a killed run; only what the ledger holds is touched');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  if (flags['action'] === 'list') await list();
  else await sweepAll(flags);
}

async function list(): Promise<void> {
  const { listLedger } = await import('../../harness/ledger.js');
  const entries = await listLedger();
  if (entries.length === 0) process.stdout.write('Nothing is left of any run\n');
  for (const { runId, buckets } of entries) {
    for (const { bucket, endpoint, state } of buckets) {
      process.stdout.write(`${runId}  ${bucket}  ${endpoint}  ${state}\n`);
    }
  }
}

async function sweepAll(flags: ArgumentsCamelCase): Promise<void> {
  const { config } = await resolveConfig(flags);
  const { sweep } = await import('../../harness/sweep.js');
  const { connectionOf } = await import('../../s3/connection.js');
  const swept = await interruptible((signal) => sweep(connectionOf(config.s3), signal));
  if (swept.length === 0) process.stdout.write('Nothing is left of any run\n');
  for (const { runId, state, done, left } of swept) {
    const lines = [...done, ...left.map((line) => `LEFT ${line}`)];
    process.stdout.write(`${[`${runId}: ${state}`, ...lines].join('\n  ')}\n`);
  }
  if (swept.some(({ state }) => state === 'left')) process.exitCode = EXIT.failed;
}
