import type { ArgumentsCamelCase, Argv } from 'yargs';
import { runOptions, runAndReport, textFlag, wishFrom } from '../reported-run.js';
import { configOptions, connectionOptions } from '../options.js';

export const command = 'suite <names..>';
export const describe = 'Run suites on a file system: posix, integrity, range, stress, throughput or all';

export function builder(yargs: Argv): Argv {
  return runOptions(connectionOptions(configOptions(yargs)))
    .positional('names', { type: 'string', array: true, demandOption: true, describe: 'Suites, or all' })
    .option('target', {
      type: 'string',
      requiresArg: true,
      default: 'objectfs',
      describe: 'objectfs, objectfs:fuse-native, s3fs, rclone, rclone:writes, rclone:full, dir:PATH',
    })
    .option('baselines', {
      type: 'string',
      requiresArg: true,
      describe: 'Folder of known results, one file per target and version; else that of the package',
    })
    .option('update-baseline', {
      type: 'boolean',
      describe: 'Write the results of this run down as the known ones of this target and version',
    })
    .example('objectfs suite posix', 'The reference file system on the embedded server')
    .example('objectfs suite posix --target dir:/tmp', 'The control: a local directory must pass')
    .example('objectfs suite posix --target s3fs', 'Another file system, started on a bucket of its own')
    .example('objectfs suite all --endpoint http://127.0.0.1:9000', 'On another S3 server');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const names = flags['names'];
  const suites = Array.isArray(names) ? names.map(String) : [];
  await runAndReport(flags, async ({ resolved, seed, invocation, signal, progress, log }) => {
    const { runSuites } = await import('../../harness/run-suites.js');
    const baselines = textFlag(flags, 'baselines');
    const target = textFlag(flags, 'target') ?? 'objectfs';
    const plan = {
      suites,
      target,
      wish: wishFrom(flags, resolved),
      seed,
      config: resolved.config,
      invocation,
      ...(baselines === undefined ? {} : { baselines }),
      ...(flags['updateBaseline'] === true ? { updateBaseline: true } : {}),
    };
    return runSuites(plan, signal, progress, log);
  });
}
