import type { Argv } from 'yargs';
import { usageError } from '../../errors/failure.js';
import { EXTERNAL_KINDS, type ExternalWish } from '../../harness/external/choose.js';
import type { Flags } from '../options.js';
import { textFlag } from '../reported-run.js';

/** Stands where a suite's name stands: programs that the user has installed. */
const EXTERNAL = 'external';

export function externalOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('kind', { choices: EXTERNAL_KINDS, describe: 'external: what --path holds' })
    .option('path', {
      type: 'string',
      requiresArg: true,
      describe: 'external: a TAP program, or a folder of *.t programs at any depth',
    });
}

/** @throws Failure `usage` where the flags and the name `external` do not go together. */
export function externalFrom(flags: Flags, names: readonly string[]): ExternalWish | undefined {
  const kind = EXTERNAL_KINDS.find((each) => each === flags['kind']);
  const path = textFlag(flags, 'path');
  const example = `objectfs suite ${EXTERNAL} --kind tap --path FOLDER`;
  if (!names.includes(EXTERNAL)) {
    if (kind === undefined && path === undefined) return undefined;
    throw usageError(`--kind and --path belong to "${EXTERNAL}"`, example);
  }
  if (names.length > 1) throw usageError(`"${EXTERNAL}" stands alone`, example);
  if (kind === undefined || path === undefined) {
    throw usageError(`"${EXTERNAL}" needs --kind and --path`, example);
  }
  return { kind, path };
}
