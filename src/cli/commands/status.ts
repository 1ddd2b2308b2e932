import type { ArgumentsCamelCase, Argv } from 'yargs';
import { EXIT } from '../exit.js';

export const command = 'status [dir]';
export const describe = 'Say how a mount is, or all of them: requests, unsaved data, cache, store';

export function builder(yargs: Argv): Argv {
  return yargs
    .positional('dir', { type: 'string', describe: 'A directory that objectfs has mounted; all without it' })
    .option('json', { type: 'boolean', default: false, describe: 'For programs: one object, or a list' })
    .example('objectfs status', 'Every mount of this user')
    .example('objectfs status /mnt/data --json', 'Everything that is known of one mount');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const { statusOf, statusOfAll } = await import('../../mount/status.js');
  const { statusText } = await import('../status/text.js');
  const directory = flags['dir'];
  const one = typeof directory === 'string' ? await statusOf(directory) : undefined;
  const all = one === undefined ? await statusOfAll() : [one];
  if (flags['json'] === true) process.stdout.write(`${JSON.stringify(one ?? all, undefined, 2)}\n`);
  else process.stdout.write(all.length === 0 ? 'Nothing is mounted\n' : all.map(statusText).join('\n'));
  if (all.some(({ state }) => state !== 'running')) process.exitCode = EXIT.failed;
}
