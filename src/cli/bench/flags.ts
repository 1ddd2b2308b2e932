import type { ArgumentsCamelCase } from 'yargs';
import { dashed, isGiven, refuseWithoutEffect } from '../without-effect.js';

/** A kind of bench, the flags that mean nothing to it, and what it takes. */
interface Kind {
  readonly flag: string;
  readonly without: readonly string[];
  readonly remedy: string;
}

/** What chooses an endpoint of the user's. */
const ELSEWHERE = ['endpoint', 'region', 'requireAws'];

/** In this order: `--cost` measures nothing, so that all of the others are wrong beside it. */
const KINDS: readonly Kind[] = [
  {
    flag: 'cost',
    without: [
      ...['claims', 'controllers', 'requestsPerSecond', 'sizes', 'arms', 'blocks', 'mounts', 'workloads'],
      ...['smallFiles', 'link', ...ELSEWHERE, 'seed', 'out'],
    ],
    remedy: 'It measures nothing: it takes --data, --keep-days and --reads-per-month',
  },
  {
    flag: 'claims',
    without: [
      ...['data', 'sizes', 'smallFiles', 'arms', 'controllers', 'requestsPerSecond', 'mounts', 'workloads'],
      ...ELSEWHERE,
    ],
    remedy: 'It takes --link and --blocks',
  },
  {
    flag: 'controllers',
    without: ['data', 'smallFiles', 'arms', ...ELSEWHERE],
    remedy: 'It takes --link, --sizes and --blocks',
  },
  {
    flag: 'requestsPerSecond',
    without: ['data', 'sizes', 'smallFiles', 'arms', 'blocks', 'controllers', 'mounts', ...ELSEWHERE],
    remedy: 'It takes --link',
  },
  {
    flag: 'mounts',
    without: ['data', 'sizes', 'smallFiles', 'arms', 'controllers'],
    remedy: 'Sizes are part of --workloads: write:1GiB; the arms are the mounts',
  },
];

/**
 * Refuses flags of another kind of bench: one that has no effect would be a lie.
 *
 * @throws Failure `usage`, naming both flags and what can be given instead.
 */
export function refuseMixture(flags: ArgumentsCamelCase): void {
  for (const { flag, without, remedy } of KINDS.filter((kind) => isGiven(flags, kind.flag))) {
    refuseWithoutEffect(flags, without, `with --${dashed(flag)}`, remedy);
  }
  if (!isGiven(flags, 'cost'))
    refuseWithoutEffect(flags, ['keepDays', 'readsPerMonth'], 'without --cost', 'Add --cost');
  if (!isGiven(flags, 'mounts'))
    refuseWithoutEffect(flags, ['workloads'], 'without --mounts', 'Name the targets with --mounts');
}
