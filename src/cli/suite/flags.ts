import { usageError } from '../../errors/failure.js';
import type { Flags } from '../options.js';
import { refuseWithoutEffect } from '../without-effect.js';

/** What the mutation board has no use for: it brings its own server and target. */
const NOT_OF_BOARD = [
  ...['shard', 'like', 'ops', 'kind', 'path', 'timeout', 'baselines', 'updateBaseline'],
  ...['endpoint', 'region', 'requireAws', 'link'],
];
const OF_BOARD_ALONE = ['lanes', 'sample', 'control'];

/**
 * Refuses flags of suites beside the mutation board, and the other way round.
 *
 * @param board - What stands where a suite's name stands.
 * @throws Failure `usage`, naming the flag and what can be given instead.
 */
export function refuseMixture(flags: Flags, names: readonly string[], board: string): void {
  if (!names.includes(board)) {
    refuseWithoutEffect(flags, OF_BOARD_ALONE, `without "${board}"`, `objectfs suite ${board}`);
    return;
  }
  const where = `with "${board}"`;
  refuseWithoutEffect(
    flags,
    NOT_OF_BOARD,
    where,
    'It takes --tier, --filter, --lanes, --sample and --control',
  );
  if (flags['target'] !== undefined && flags['target'] !== 'objectfs') {
    throw usageError(`--target has no effect ${where}`, 'Defects are planted in the reference file system');
  }
  if (flags['tier'] === 'soak') {
    throw usageError(`--tier soak has no effect ${where}`, 'It takes quick (the default) and full');
  }
}
