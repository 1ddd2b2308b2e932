import type { ArgumentsCamelCase, Argv } from 'yargs';
import { usageError } from '../../errors/failure.js';
import { configOptions, connectionOptions } from '../options.js';
import { numberFlag, runAndReport, runOptions, textFlag, wishFrom } from '../reported-run.js';

export const command = 'bench';
export const describe = 'Compare the optimized transfer with the baselines, in interleaved blocks';

export function builder(yargs: Argv): Argv {
  return runOptions(connectionOptions(configOptions(yargs)))
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
    .option('blocks', {
      type: 'number',
      requiresArg: true,
      describe: 'Blocks per size; else as many as fit the time limit',
    })
    .example('objectfs bench', 'The embedded server behind the link of a host in its own region')
    .example('objectfs bench --region us-west-2', 'AWS with credentials; without: simulated, and marked so')
    .example('objectfs bench --link home --sizes 1MiB,16MiB', 'A slow line')
    .example('objectfs bench --data ~/pictures --endpoint http://127.0.0.1:9000', 'Your files, your server');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const { parseSize } = await import('../../config/size.js');
  const sizesBytes = textFlag(flags, 'sizes')?.split(',').map(parseSize);
  const blocks = numberFlag(flags, 'blocks');
  const dataDir = textFlag(flags, 'data');
  if (blocks !== undefined && !Number.isInteger(blocks)) {
    throw usageError(`--blocks takes a whole number, not ${blocks}`, 'Give 12, 24 or 42, for instance');
  }
  await runAndReport(flags, async ({ resolved, seed, invocation, signal, progress, log }) => {
    const { runBench } = await import('../../harness/run-bench.js');
    const plan = {
      wish: wishFrom(flags, resolved),
      seed,
      config: resolved.config,
      invocation,
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(sizesBytes === undefined ? {} : { sizesBytes }),
      ...(blocks === undefined ? {} : { blocks }),
    };
    return runBench(plan, signal, progress, log);
  });
}
