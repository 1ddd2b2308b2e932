import type { ArgumentsCamelCase, Argv } from 'yargs';
import { usageError } from '../../errors/failure.js';
import { refuseMixture } from '../bench/flags.js';
import { interruptible } from '../interrupt.js';
import { configOptions, connectionOptions, resolveConfig, workersOption } from '../options.js';
import { numberFlag, runAndReport, runOptions, textFlag, wishFrom } from '../reported-run.js';

export const command = 'bench';
export const describe = 'Compare the optimized transfer with the baselines, in interleaved blocks';

export function builder(yargs: Argv): Argv {
  return examples(otherOptions(workersOption(runOptions(connectionOptions(configOptions(yargs))))))
    .option('data', {
      type: 'string',
      requiresArg: true,
      describe: 'Folder of your own files; else the fixtures of the package',
    })
    .option('sizes', {
      type: 'string',
      requiresArg: true,
      describe: 'Sizes of generated objects, such as 1MiB,64MiB; else those that fit the link',
    })
    .option('small-files', {
      type: 'number',
      requiresArg: true,
      describe: 'So many generated files of 1 to 256 KiB as one row, in place of the fixtures',
    })
    .option('arms', {
      type: 'string',
      requiresArg: true,
      describe:
        'Who moves the objects: plain, sdk, optimized (these by default), fixed, cubic, bbr, objectfs-cp, rclone, s3cmd, aws, s5cmd; the first is the baseline',
    })
    .option('blocks', {
      type: 'number',
      requiresArg: true,
      describe: 'Blocks per size or workload; else as many as fit the time limit',
    })
    .option('mounts', {
      type: 'string',
      requiresArg: true,
      describe: 'Compare mounts instead: targets such as objectfs,s3fs,rclone; the first with each other one',
    })
    .option('workloads', {
      type: 'string',
      requiresArg: true,
      describe: 'With --mounts: such as write:1GiB,list,fio-rand-read:jobs=4; else all but those of fio',
    });
}

/** Other kinds of bench. */
function otherOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('controllers', {
      type: 'boolean',
      describe:
        'Compare fixed, cubic and bbr instead, on every link (or that of --link), with and without loss',
    })
    .option('claims', {
      type: 'boolean',
      describe:
        'Instead: put to the test what the project says of its transfers, on every link (or that of --link); over an hour',
    })
    .option('requests-per-second', {
      type: 'number',
      requiresArg: true,
      describe:
        'Instead: downloads at an embedded server that refuses more reads with 503; goodput and refusals of each arm',
    })
    .option('cost', {
      type: 'boolean',
      describe: 'Tell what --data would cost in each storage class instead; moves nothing, needs no server',
    })
    .option('keep-days', {
      type: 'number',
      requiresArg: true,
      describe: 'With --cost: days until the objects are deleted; else 365',
    })
    .option('reads-per-month', {
      type: 'number',
      requiresArg: true,
      describe: 'With --cost: how often each object is read as a whole; else never',
    });
}

function examples<T>(yargs: Argv<T>) {
  return yargs
    .example('objectfs bench', 'The embedded server behind the link of a host in its own region')
    .example('objectfs bench --region us-west-2', 'AWS with credentials; without: simulated, and marked so')
    .example('objectfs bench --link home --sizes 1MiB,16MiB', 'A slow line')
    .example('objectfs bench --arms plain,objectfs-cp,rclone,s3cmd --sizes 64MiB', 'Against other programs')
    .example('objectfs bench --small-files 1000', 'A thousand small files as one row')
    .example('objectfs bench --claims --link loopback', 'What the project claims, sentence by sentence')
    .example('objectfs bench --mounts objectfs,s3fs,rclone', 'The same work through three mounts')
    .example(
      'objectfs bench --cost --data ~/pictures --keep-days 20',
      'Minimum sizes and early deletes, in dollars',
    )
    .example('objectfs bench --data ~/pictures --endpoint http://127.0.0.1:9000', 'Your files, your server');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  refuseMixture(flags);
  if (flags['cost'] === true) {
    await tellCost(flags);
    return;
  }
  const { parseSize } = await import('../../config/size.js');
  const sizesBytes = textFlag(flags, 'sizes')?.split(',').map(parseSize);
  const blocks = numberFlag(flags, 'blocks');
  const mounts = textFlag(flags, 'mounts');
  if (blocks !== undefined && !Number.isInteger(blocks)) {
    throw usageError(`--blocks takes a whole number, not ${blocks}`, 'Give 12, 24 or 42, for instance');
  }
  if (mounts !== undefined) {
    await benchMounts(flags, mounts, blocks);
    return;
  }
  if (flags['claims'] === true) {
    await benchClaims(flags, blocks);
    return;
  }
  if (flags['controllers'] === true) {
    await benchControllers(flags, sizesBytes, blocks);
    return;
  }
  const requestsPerSecond = numberFlag(flags, 'requestsPerSecond');
  if (requestsPerSecond !== undefined) {
    await benchStorm(flags, requestsPerSecond);
    return;
  }
  await benchTransfers(flags, sizesBytes, blocks);
}

async function tellCost(flags: ArgumentsCamelCase): Promise<void> {
  const { describeCost } = await import('../bench/cost.js');
  const { config } = await resolveConfig(flags);
  const wish = {
    dataDir: textFlag(flags, 'data'),
    keepDays: numberFlag(flags, 'keepDays'),
    readsPerMonth: numberFlag(flags, 'readsPerMonth'),
  };
  process.stdout.write(await interruptible((signal) => describeCost(wish, config.transfer, signal)));
}

async function benchTransfers(
  flags: ArgumentsCamelCase,
  sizesBytes: readonly number[] | undefined,
  blocks: number | undefined,
): Promise<void> {
  const dataDir = textFlag(flags, 'data');
  const { parseArms } = await import('../../bench/arms.js');
  const armText = textFlag(flags, 'arms');
  const smallFiles = numberFlag(flags, 'smallFiles');
  const arms = armText === undefined ? undefined : parseArms(armText);
  await runAndReport(flags, async ({ resolved, seed, invocation, signal, progress, log }) => {
    const { runBench } = await import('../../harness/run-bench.js');
    const plan = {
      wish: wishFrom(flags, resolved),
      seed,
      config: resolved.config,
      invocation,
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(arms === undefined ? {} : { arms }),
      ...(smallFiles === undefined ? {} : { smallFiles }),
      ...(sizesBytes === undefined ? {} : { sizesBytes }),
      ...(blocks === undefined ? {} : { blocks }),
    };
    return runBench(plan, signal, progress, log);
  });
}

async function benchClaims(flags: ArgumentsCamelCase, blocks: number | undefined): Promise<void> {
  await runAndReport(flags, async ({ resolved, seed, invocation, signal, progress, log }) => {
    const { runClaims } = await import('../../harness/run-claims.js');
    const { config } = resolved;
    const plan = { wish: wishFrom(flags, resolved), seed, config, invocation };
    return runClaims({ ...plan, ...(blocks === undefined ? {} : { blocks }) }, signal, progress, log);
  });
}

async function benchControllers(
  flags: ArgumentsCamelCase,
  sizesBytes: readonly number[] | undefined,
  blocks: number | undefined,
): Promise<void> {
  await runAndReport(flags, async ({ resolved, seed, invocation, signal, progress, log }) => {
    const { runControllers } = await import('../../harness/run-controllers.js');
    const plan = {
      wish: wishFrom(flags, resolved),
      seed,
      config: resolved.config,
      invocation,
      ...(sizesBytes === undefined ? {} : { sizesBytes }),
      ...(blocks === undefined ? {} : { blocks }),
    };
    return runControllers(plan, signal, progress, log);
  });
}

async function benchStorm(flags: ArgumentsCamelCase, requestsPerSecond: number): Promise<void> {
  await runAndReport(flags, async ({ resolved, seed, invocation, signal, progress, log }) => {
    const { runStorm } = await import('../../harness/run-storm.js');
    const { config } = resolved;
    const plan = { wish: wishFrom(flags, resolved), seed, config, requestsPerSecond, invocation };
    return runStorm(plan, signal, progress, log);
  });
}

async function benchMounts(flags: ArgumentsCamelCase, mounts: string, blocks?: number): Promise<void> {
  const workloads = textFlag(flags, 'workloads');
  await runAndReport(flags, async ({ resolved, seed, invocation, signal, progress, log }) => {
    const { runMountBench } = await import('../../harness/mount-bench/run-mount-bench.js');
    const plan = {
      wish: wishFrom(flags, resolved),
      seed,
      config: resolved.config,
      invocation,
      mounts,
      ...(workloads === undefined ? {} : { workloads }),
      ...(blocks === undefined ? {} : { blocks }),
    };
    return runMountBench(plan, signal, progress, log);
  });
}
