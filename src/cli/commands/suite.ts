import type { ArgumentsCamelCase, Argv } from 'yargs';
import { usageError } from '../../errors/failure.js';
import { TIERS } from '../../harness/api/case.js';
import type { Selection, Shard } from '../../harness/selection.js';
import { configOptions, connectionOptions, type Flags } from '../options.js';
import { numberFlag, runOptions, runAndReport, textFlag, wishFrom } from '../reported-run.js';
import { externalFrom, externalOptions } from '../suite/external.js';
import { refuseMixture } from '../suite/flags.js';
import { SELFTEST, boardOptions, runBoard } from '../suite/board.js';

export const command = 'suite <names..>';
export const describe =
  'Run suites on a file system: posix, integrity, range, model, stress, throughput or all';

export function builder(yargs: Argv): Argv {
  return externalOptions(boardOptions(sizeOptions(runOptions(connectionOptions(configOptions(yargs))))))
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
    .example("objectfs suite posix --filter 'rename/*'", 'Some cases; a failed one alone by its id')
    .example('objectfs suite integrity --like ~/photos', 'Names and sizes of your own tree')
    .example('objectfs suite selftest', 'Planted defects: does a case notice each?')
    .example('objectfs suite external --kind tap --path ~/pjdfstest/tests', 'An outside suite in the mount')
    .example('objectfs suite external --kind fio --target s3fs', 'fio, where it is installed')
    .example('objectfs suite all --endpoint http://127.0.0.1:9000', 'On another S3 server');
}

/** Which cases, and how much of them. */
function sizeOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('tier', {
      choices: TIERS,
      describe: 'quick: before a commit. full (default): before a release. soak: with hours of load',
    })
    .option('filter', {
      type: 'string',
      requiresArg: true,
      describe: 'Only these cases: a group, an id, SUITE:ID, with * for anything; commas between several',
    })
    .option('shard', {
      type: 'string',
      requiresArg: true,
      describe: 'I/N: the I-th of N parts of about the same weight, for N machines',
    })
    .option('like', {
      type: 'string',
      requiresArg: true,
      describe: 'integrity: names and sizes of this folder, with generated content; no file of it is opened',
    })
    .option('ops', {
      type: 'number',
      requiresArg: true,
      describe: 'Random operations of the suite model, else 1000; external: of a case of fsx or stress-ng',
    });
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const names = flags['names'];
  const suites = Array.isArray(names) ? names.map(String) : [];
  refuseMixture(flags, suites, SELFTEST);
  const like = likeFrom(flags, suites);
  if (suites.includes(SELFTEST)) return runBoard(flags, suites);
  const operations = operationsFrom(flags);
  const external = externalFrom(flags, suites, operations);
  await runAndReport(flags, async ({ resolved, seed, invocation, signal, progress, log }) => {
    const { runSuites } = await import('../../harness/run-suites.js');
    const { parseShard } = await import('../../harness/selection.js');
    const baselines = textFlag(flags, 'baselines');
    const target = textFlag(flags, 'target') ?? 'objectfs';
    const out = textFlag(flags, 'out');
    const plan = {
      suites,
      target,
      selection: selectionFrom(flags, parseShard),
      wish: wishFrom(flags, resolved),
      seed,
      config: resolved.config,
      invocation,
      ...(out === undefined ? {} : { out }),
      ...(external === undefined ? {} : { external }),
      ...(like === undefined ? {} : { like }),
      ...(operations === undefined ? {} : { operations }),
      ...(baselines === undefined ? {} : { baselines }),
      ...(flags['updateBaseline'] === true ? { updateBaseline: true } : {}),
    };
    return runSuites(plan, signal, progress, log);
  });
}

function selectionFrom(flags: Flags, parseShard: (text: string) => Shard): Selection {
  const filter = textFlag(flags, 'filter');
  const shard = textFlag(flags, 'shard');
  const tier = TIERS.find((each) => each === flags['tier']);
  return {
    ...(tier === undefined ? {} : { tier }),
    ...(filter === undefined ? {} : { filter }),
    ...(shard === undefined ? {} : { shard: parseShard(shard) }),
  };
}

function likeFrom(flags: Flags, suites: readonly string[]): string | undefined {
  const like = textFlag(flags, 'like');
  if (like === undefined || suites.includes('integrity') || suites.includes('all')) return like;
  throw usageError('--like belongs to the suite integrity', 'objectfs suite integrity --like DIR');
}

function operationsFrom(flags: ArgumentsCamelCase): number | undefined {
  const operations = numberFlag(flags, 'ops');
  if (operations === undefined || (Number.isInteger(operations) && operations > 0)) return operations;
  throw usageError(`--ops takes a whole number from 1, not ${operations}`, 'Give 50000 for a long run');
}
