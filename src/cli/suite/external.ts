import type { Argv } from 'yargs';
import { usageError } from '../../errors/failure.js';
import {
  DEFAULT_LIMIT_MS,
  EXTERNAL_KINDS,
  KINDS_WITH_OPERATIONS,
  type ExternalWish,
} from '../../harness/external/wish.js';
import type { Flags } from '../options.js';
import { numberFlag, textFlag } from '../reported-run.js';

/** Stands where a suite's name stands: programs that the user has installed. */
const EXTERNAL = 'external';

/** Longer than any program should take, shorter than what a timer can count. */
const MOST_SECONDS = 86_400;

export function externalOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('kind', { choices: EXTERNAL_KINDS, describe: 'external: which outside suite' })
    .option('path', {
      type: 'string',
      requiresArg: true,
      describe:
        'external: a TAP program or folder of *.t; a program fsx, fio or stress-ng, else that on PATH; *.fio jobs',
    })
    .option('timeout', {
      type: 'number',
      requiresArg: true,
      describe: `external: seconds that a program may take; else ${DEFAULT_LIMIT_MS / 1000}`,
    });
}

/** @throws Failure `usage` where the flags and the name `external` do not go together. */
export function externalFrom(
  flags: Flags,
  names: readonly string[],
  operations: number | undefined,
): ExternalWish | undefined {
  const kind = EXTERNAL_KINDS.find((each) => each === flags['kind']);
  const path = textFlag(flags, 'path');
  const seconds = numberFlag(flags, 'timeout');
  const example = `objectfs suite ${EXTERNAL} --kind tap --path FOLDER`;
  if (!names.includes(EXTERNAL)) {
    if (kind === undefined && path === undefined && seconds === undefined) return undefined;
    throw usageError(`--kind, --path and --timeout belong to "${EXTERNAL}"`, example);
  }
  if (names.length > 1) throw usageError(`"${EXTERNAL}" stands alone`, example);
  if (kind === undefined) throw usageError(`"${EXTERNAL}" needs --kind`, example);
  if (operations !== undefined && !KINDS_WITH_OPERATIONS.includes(kind)) {
    throw usageError(`--ops says nothing to ${kind}`, `It belongs to ${KINDS_WITH_OPERATIONS.join(' and ')}`);
  }
  return {
    kind,
    ...(path === undefined ? {} : { path }),
    ...(operations === undefined ? {} : { operations }),
    ...(seconds === undefined ? {} : { limitMs: limitFrom(seconds) }),
  };
}

function limitFrom(seconds: number): number {
  if (seconds > 0 && seconds <= MOST_SECONDS) return Math.ceil(seconds * 1000);
  throw usageError(
    `--timeout takes seconds up to ${MOST_SECONDS}, not ${seconds}`,
    'Give 600 for ten minutes',
  );
}
