import type { ArgumentsCamelCase, Argv } from 'yargs';
import type { ConfigValue } from '../../config/load.js';
import { configOptions, connectionOptions, resolveConfig } from '../options.js';

export const command = 'config';
export const describe = 'Print the resolved configuration and where each value came from';

export function builder(yargs: Argv): Argv {
  return connectionOptions(configOptions(yargs))
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
    .example('objectfs config', 'Every key, its value, its origin; secrets are masked')
    .example('OBJECTFS_TRANSFER_CHUNK_SIZE=8MiB objectfs config', 'See an environment variable take effect');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const { values } = await resolveConfig(flags);
  const rows = values.map((value) => ({
    key: value.key.path,
    value: shown(value) ?? null,
    origin: originText(value),
  }));
  if (flags['json'] === true) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  const width = Math.max(...rows.map((row) => row.key.length));
  for (const row of rows) {
    process.stdout.write(`${row.key.padEnd(width)}  ${text(row.value).padEnd(24)}  ${row.origin}\n`);
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : value === null ? '-' : JSON.stringify(value);
}

function shown({ key, value }: ConfigValue): unknown {
  return key.secret && value !== undefined ? '********' : value;
}

function originText({ origin, key }: ConfigValue): string {
  switch (origin.kind) {
    case 'flag':
      return `flag (${key.path})`;
    case 'environment':
      return `environment (${origin.name})`;
    case 'file':
      return `file (${origin.path})`;
    case 'default':
      return 'default';
  }
}
