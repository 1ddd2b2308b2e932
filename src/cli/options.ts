import type { Argv } from 'yargs';
import type { ResolvedConfig } from '../config/load.js';
import { FLAG_KEYS } from './flag-keys.js';

/** Parsed flags as yargs hands them over. */
export type Flags = Readonly<Record<string, unknown>>;

/** Adds `--config` and `--log-level`, which every command that reads the configuration takes. */
export function configOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('config', { type: 'string', requiresArg: true, describe: 'Configuration file (YAML)' })
    .option('log-level', {
      choices: ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const,
      describe: 'Least level that is logged',
    });
}

/** Adds `--endpoint` and `--region`. */
export function connectionOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('endpoint', { type: 'string', requiresArg: true, describe: 'URL of an S3 server other than AWS' })
    .option('region', { type: 'string', requiresArg: true, describe: 'AWS region' });
}

/** Adds the flags of the `transfer` section. */
export function transferOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('level', {
      choices: ['off', 'standard', 'aggressive'] as const,
      describe: 'off: one plain request for each object; aggressive: the lean client',
    })
    .option('chunk-size', { type: 'string', requiresArg: true, describe: 'Size of parts, such as 16MiB' })
    .option('connections', { type: 'number', requiresArg: true, describe: 'Parts in flight' })
    .option('congestion', {
      choices: ['fixed', 'cubic', 'bbr'] as const,
      describe: 'How many parts are in flight after a loss',
    })
    .option('hedge', { type: 'boolean', describe: 'Ask a second time for a range that is slow' })
    .option('storage-class', {
      type: 'string',
      requiresArg: true,
      describe: 'Storage class of what is written, such as STANDARD_IA',
    });
}

/** Adds `--transfer-workers`. */
export function workersOption<T>(yargs: Argv<T>) {
  return yargs.option('transfer-workers', {
    type: 'number',
    requiresArg: true,
    describe: 'Threads that move the bodies of large requests, 0 to 16; else none',
  });
}

/** Resolves the configuration with the flags of this command on top. */
export async function resolveConfig(flags: Flags): Promise<ResolvedConfig> {
  const { loadConfig } = await import('../config/load.js');
  const given = Object.entries(FLAG_KEYS).map(([flag, path]) => [path, flags[flag]] as const);
  const file = flags['config'];
  return loadConfig({
    flags: Object.fromEntries(given),
    ...(typeof file === 'string' ? { file } : {}),
  });
}
