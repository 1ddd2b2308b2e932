import { resolve } from 'node:path';
import type { ArgumentsCamelCase, Argv } from 'yargs';
import { configOptions, connectionOptions } from '../options.js';
import { runOptions, runAndReport, textFlag, wishFrom } from '../reported-run.js';

export const command = 'replay <file>';
export const describe = 'Run the saved program of a failed case of the suite model, on any target';

export function builder(yargs: Argv): Argv {
  return runOptions(connectionOptions(configOptions(yargs)))
    .positional('file', { type: 'string', demandOption: true, describe: 'Replay file' })
    .option('target', {
      type: 'string',
      requiresArg: true,
      default: 'objectfs',
      describe: 'As of objectfs suite',
    })
    .example('objectfs replay random.files.json', 'Exit code 0: it passes, 1: it fails, 2: wrong use')
    .example('objectfs replay random.files.json --target dir:/tmp', 'Is it the program that is wrong?');
}

export async function handler(flags: ArgumentsCamelCase): Promise<void> {
  const { readReplay } = await import('../../harness/api/program.js');
  const { MODEL_SUITE } = await import('../../harness/model-suite.js');
  const replayFile = resolve(String(flags['file']));
  readReplay(replayFile);
  await runAndReport(flags, async ({ resolved, seed, invocation, signal, progress, log }) => {
    const { runSuites } = await import('../../harness/run-suites.js');
    const out = textFlag(flags, 'out');
    const plan = {
      suites: [MODEL_SUITE],
      target: textFlag(flags, 'target') ?? 'objectfs',
      wish: wishFrom(flags, resolved),
      seed,
      config: resolved.config,
      invocation,
      replayFile,
      ...(out === undefined ? {} : { out }),
    };
    return runSuites(plan, signal, progress, log);
  });
}
