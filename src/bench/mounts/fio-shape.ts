import { formatSize, parseSize } from '../../config/size.js';
import { usageError } from '../../errors/failure.js';

const KIB = 1024;

/** How fio divides the bytes of a workload. */
export interface FioShape {
  /** Of one read or write. */
  readonly blockBytes: number;
  /** Processes at once, each with a file of its own. */
  readonly jobs: number;
}

const LEAST_BLOCK_BYTES = 4 * KIB;
const MOST_BLOCK_BYTES = 4 * KIB * KIB;
const MOST_JOBS = 16;

/**
 * The shape that options such as `bs=4KiB` and `jobs=4` make of a default one.
 *
 * @param word - The whole word, for messages.
 *
 * @throws Failure `usage` for an unknown option and a value that can not be.
 */
export function parseFioShape(options: readonly string[], shape: FioShape, word: string): FioShape {
  let { blockBytes, jobs } = shape;
  for (const option of options) {
    const [name = '', value = ''] = option.split('=', 2);
    if (name === 'bs') blockBytes = parseSize(value);
    else if (name === 'jobs') jobs = Number(value);
    else throw usageError(`${word}: there is no option ${name}`, 'Options: bs=4KiB, jobs=4');
  }
  if (
    blockBytes < LEAST_BLOCK_BYTES ||
    blockBytes > MOST_BLOCK_BYTES ||
    blockBytes % LEAST_BLOCK_BYTES !== 0
  ) {
    throw usageError(
      `${word} has no possible block`,
      'Give a multiple of 4 KiB up to 4 MiB, such as bs=64KiB',
    );
  }
  if (!Number.isInteger(jobs) || jobs < 1 || jobs > MOST_JOBS) {
    throw usageError(`${word} has no possible count of jobs`, `Give 1 to ${MOST_JOBS}, such as jobs=4`);
  }
  return { blockBytes, jobs };
}

/** @throws Failure `usage` where the bytes can not be divided into blocks that all jobs have as many of. */
export function checkDivision(amount: number, { blockBytes, jobs }: FioShape, word: string): void {
  const step = blockBytes * jobs;
  if (amount % step === 0) return;
  const near = Math.max(1, Math.round(amount / step)) * step;
  throw usageError(
    `${word}: ${formatSize(amount)} are not the same number of blocks for each job`,
    `Give a multiple of ${formatSize(step)}, such as ${near}`,
  );
}

/** `:bs=4KiB:jobs=1`: what tells workloads of one name apart. */
export function fioSuffix({ blockBytes, jobs }: FioShape): string {
  return `:bs=${formatSize(blockBytes).replace(' ', '')}:jobs=${jobs}`;
}

/** `blocks of 4 KiB, 4 jobs`. */
export function describeFioShape({ blockBytes, jobs }: FioShape): string {
  return `blocks of ${formatSize(blockBytes)}, ${jobs === 1 ? '1 job' : `${jobs} jobs`}`;
}
