import { locateProgram } from './locate.js';
import {
  howEnded,
  joinLines,
  lastLines,
  type ExternalProgram,
  type Outcome,
  type ProgramEnd,
} from './program.js';
import type { ExternalWish } from './wish.js';

const WANTED = {
  names: ['fsx', 'fsx-linux'],
  remedy: 'Build fsx of xfstests (ltp/fsx.c), LTP (fsx-linux) or FreeBSD, and name it with --path',
};

/** Operations of a case: what a mount does in seconds. */
const DEFAULT_OPERATIONS = 2000;

/** What each descendant of the first fsx exits with where it does not know an option. */
const USAGE_EXIT_CODE = 90;

interface Variant {
  readonly name: string;
  readonly says: string;
  readonly options: readonly string[];
  /** Not each fsx has these options. */
  readonly isExtra?: boolean;
}

const ALIGNED = ['-r', '4096', '-w', '4096', '-t', '4096'];

/** By options that all of them share (their usage texts), but where it says otherwise. */
const VARIANTS: readonly Variant[] = [
  { name: 'default', says: 'random reads, writes, truncates and mappings of a file agree', options: [] },
  { name: 'no-mmap', says: 'they do so with read and write calls alone', options: ['-R', '-W'] },
  { name: 'aligned', says: 'they do so at multiples of 4 KiB', options: ALIGNED },
  {
    name: 'large',
    says: 'they do so in a file of up to 16 MiB with operations of up to 1 MiB',
    options: ['-l', '16777216', '-o', '1048576'],
  },
  {
    name: 'reopened',
    says: 'they do so when the file is closed and opened in between',
    options: ['-c', '20'],
  },
  {
    name: 'direct',
    says: 'they do so past the page cache (O_DIRECT)',
    options: ['-Z', '-R', '-W', ...ALIGNED],
    isExtra: true,
  },
];

/** One case for each way to use it; the seed of the run is that of each. */
export async function fsxPrograms(
  { path, operations = DEFAULT_OPERATIONS }: ExternalWish,
  seed: number,
): Promise<readonly ExternalProgram[]> {
  const program = await locateProgram(path, WANTED);
  // 0 means the time of day to it: nobody could repeat that.
  const ownSeed = Math.max(1, seed);
  return VARIANTS.map(({ name, says, options, isExtra = false }) => {
    const command = [program, '-q', '-S', `${ownSeed}`, '-N', `${operations}`, ...options, 'file'];
    return {
      cases: [{ id: `fsx/${name}`, group: 'fsx', says }],
      command,
      seed: ownSeed,
      judge: (end) => judgeFsx(end, { command, operations, isExtra }),
    };
  });
}

interface FsxRun {
  readonly command: readonly string[];
  readonly operations: number;
  readonly isExtra: boolean;
}

function judgeFsx(end: ProgramEnd, { command, operations, isExtra }: FsxRun): Outcome {
  // Its own word is asked for as well: another program that ends with 0 has tested nothing.
  if (end.exitCode === 0 && end.stdout.includes('A-OK!')) return { state: 'passed', checks: operations };
  if (end.exitCode === USAGE_EXIT_CODE) {
    const reason = `This fsx does not know the options: ${command.join(' ')}`;
    return { state: isExtra ? 'skipped' : 'broken', reason };
  }
  const { complaint, log } = splitOutput(end.stdout);
  const before = log.length === 0 ? undefined : `The last operations:\n${log.slice(-8).join('\n')}`;
  const repeat = `Again: ${command.join(' ')}`;
  return {
    state: 'failed',
    reason: joinLines(complaint, lastLines(end.stderr, 3), before, howEnded(end), repeat),
  };
}

const MOST_COMPLAINT_LINES = 12;

/** It tells what it can not do here, then what is wrong, then dumps its log of operations, one numbered line each. */
function splitOutput(stdout: string): { complaint: string; log: readonly string[] } {
  const lines = stdout.split('\n').map((line) => line.trimEnd());
  const dump = lines.findIndex((line) => line.startsWith('LOG DUMP'));
  const said = dump < 0 ? lines : lines.slice(0, dump);
  const complaint = said.filter((line) => line !== '' && !/, disabling!$|^Seed set to/.test(line));
  const log = dump < 0 ? [] : lines.slice(dump).filter((line) => /^\d+\(/.test(line));
  return { complaint: complaint.slice(0, MOST_COMPLAINT_LINES).join('\n'), log };
}
