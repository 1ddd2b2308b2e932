import type { Argv } from 'yargs';
import { usageError } from '../../errors/failure.js';
import type { Flags } from '../options.js';
import { numberFlag, runAndReport, textFlag } from '../reported-run.js';

/** Stands where a suite's name stands, and tests the suites instead of a target. */
export const SELFTEST = 'selftest';

export function boardOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('lanes', {
      type: 'number',
      requiresArg: true,
      describe: 'selftest: mounts at once; else 2',
    })
    .option('sample', {
      type: 'number',
      requiresArg: true,
      describe: 'selftest: so many of the planted defects, chosen by --seed; else all',
    })
    .option('control', {
      type: 'number',
      requiresArg: true,
      describe: 'selftest: how often the cases are run without any defect; else once',
    });
}

/** The mutation board: its filter means defects, and its target is always the reference file system. */
export async function runBoard(flags: Flags, names: readonly string[]): Promise<void> {
  if (names.length > 1) {
    throw usageError(`"${SELFTEST}" is no suite and stands alone`, `objectfs suite ${SELFTEST}`);
  }
  const filter = textFlag(flags, 'filter');
  const plan = {
    tier: flags['tier'] === 'full' ? ('full' as const) : ('quick' as const),
    lanes: countFlag(flags, 'lanes', 2, 1),
    controlRounds: countFlag(flags, 'control', 1, 0),
    ...(filter === undefined ? {} : { filter }),
    ...(flags['sample'] === undefined ? {} : { sample: countFlag(flags, 'sample', 1, 1) }),
  };
  await runAndReport(flags, async ({ resolved, seed, invocation, signal, progress, log }) => {
    const { runSelftest } = await import('../../harness/selftest/run-selftest.js');
    return runSelftest({ ...plan, seed, config: resolved.config, invocation }, signal, progress, log);
  });
}

const MOST_COUNT = 100;

function countFlag(flags: Flags, name: string, usual: number, least: number): number {
  const count = numberFlag(flags, name) ?? usual;
  if (Number.isInteger(count) && count >= least && count <= MOST_COUNT) return count;
  throw usageError(`--${name} takes a whole number, not ${count}`, `Give one from ${least} to ${MOST_COUNT}`);
}
