import { formatSize, parseSize } from '../../config/size.js';
import { usageError } from '../../errors/failure.js';
import { checkDivision, describeFioShape, fioSuffix, parseFioShape, type FioShape } from './fio-shape.js';

const MIB = 1024 * 1024;

/** Whether the mount is fresh when the clock starts. */
export type Temperature =
  /** As the steps before left it. */
  | 'warm'
  /** Mounted again with empty caches: nothing is known of the bucket. */
  | 'cold'
  /** Mounted again, and what the file system keeps on the local disk is still there. */
  | 'disk-cache';

/** One thing that users do with a mount; what is done is in `actions/`. */
export interface Workload {
  /** Its name and what tells it from others of that name: `list`, `fio-seq-read:bs=1MiB:jobs=1`. */
  readonly id: string;
  readonly name: WorkloadName;
  readonly amount: number;
  /** `create 1,000 files of 4 KiB`. */
  readonly label: string;
  readonly unit: Unit;
  readonly temperature: Temperature;
  /** Measured beside the mounts: the same on a local directory. */
  readonly hasLocalReference: boolean;
  /** Present: done by fio. */
  readonly fio?: FioShape;
}

export type Unit = 'bytes' | 'reads' | 'stats' | 'files';

interface WorkloadKind {
  readonly unit: Unit;
  readonly amount: number;
  readonly most: number;
  readonly temperature: Temperature;
  readonly hasLocalReference?: boolean;
  /** Where nothing else is asked for. */
  readonly fio?: FioShape;
  label(amount: string): string;
}

/** Read buffers hold the whole file, so that bytes are compared after the clock has stopped. */
const MOST_BYTES = 2048 * MIB;
const MOST_FILES = 100_000;

const bytes = { unit: 'bytes', amount: 64 * MIB, most: MOST_BYTES } as const;
const fioSequence = {
  unit: 'bytes',
  most: MOST_BYTES,
  amount: 64 * MIB,
  fio: { blockBytes: MIB, jobs: 1 },
} as const;
const fioRandom = {
  unit: 'bytes',
  most: MOST_BYTES,
  amount: 16 * MIB,
  fio: { blockBytes: 4096, jobs: 1 },
} as const;
const files = { unit: 'files', most: MOST_FILES } as const;

/** Small enough that a block of all of them takes about a minute on two cores; larger ones by `NAME:AMOUNT`. */
const KINDS = {
  write: {
    ...bytes,
    temperature: 'warm',
    label: (amount) => `write ${amount} from start to end, fsync, close`,
  },
  read: { ...bytes, temperature: 'cold', label: (amount) => `read ${amount} from start to end, cold` },
  'random-read': {
    unit: 'reads',
    amount: 200,
    most: MOST_FILES,
    temperature: 'cold',
    label: (amount) => `${amount} reads of 4 KiB at random places of 64 MiB, cold`,
  },
  stat: {
    unit: 'stats',
    amount: 20_000,
    most: 10 * MIB,
    temperature: 'warm',
    hasLocalReference: true,
    label: (amount) => `stat a known file ${amount} times, past the kernel's memory of it`,
  },
  create: {
    ...files,
    amount: 200,
    temperature: 'warm',
    label: (amount) => `create ${amount} files of 4 KiB`,
  },
  list: { ...files, amount: 1000, temperature: 'cold', label: (amount) => `ls -l of ${amount} files, cold` },
  find: { ...files, amount: 1000, temperature: 'cold', label: (amount) => `find over ${amount} files, cold` },
  untar: { ...files, amount: 200, temperature: 'warm', label: (amount) => `untar ${amount} source files` },
  'git-status': {
    ...files,
    amount: 200,
    temperature: 'cold',
    label: (amount) => `git status in a clone of ${amount} files, cold`,
  },
  delete: { ...files, amount: 200, temperature: 'warm', label: (amount) => `rm -r of ${amount} files` },
  reread: {
    ...bytes,
    temperature: 'disk-cache',
    hasLocalReference: true,
    label: (amount) => `read ${amount} again after a remount`,
  },
  'fio-seq-write': {
    ...fioSequence,
    temperature: 'warm',
    label: (amount) => `fio: write ${amount} in sequence, fsync`,
  },
  'fio-seq-read': {
    ...fioSequence,
    temperature: 'cold',
    label: (amount) => `fio: read ${amount} in sequence, cold`,
  },
  'fio-rand-write': {
    ...fioRandom,
    temperature: 'warm',
    label: (amount) => `fio: write ${amount} in random order, fsync`,
  },
  'fio-rand-read': {
    ...fioRandom,
    temperature: 'cold',
    label: (amount) => `fio: read ${amount} in random order, cold`,
  },
} as const satisfies Readonly<Record<string, WorkloadKind>>;

export type WorkloadName = keyof typeof KINDS;

const WORKLOAD_NAMES: readonly string[] = Object.keys(KINDS);

/** Those with fio are asked for by name: not each machine has it. */
const DEFAULT_NAMES = WORKLOAD_NAMES.filter((name) => !name.startsWith('fio-'));

/** The file of `random-read`. */
export const RANDOM_FILE_BYTES = 64 * MIB;

/**
 * The workloads of a list such as `write:1GiB,create:1000,fio-rand-read:64MiB:bs=4KiB:jobs=4`; without one all but those
 * of fio at their default amounts.
 *
 * @throws Failure `usage` for an unknown name, an impossible amount or option, and a workload that is named twice.
 */
export function parseWorkloads(list: string | undefined): readonly Workload[] {
  const words = list === undefined ? DEFAULT_NAMES : list.split(',').map((word) => word.trim());
  const workloads = words.map(parseWorkload);
  const twice = workloads.find((one, index) => workloads.findIndex(({ id }) => id === one.id) !== index);
  if (twice !== undefined) throw usageError(`The workload ${twice.id} is named twice`, 'Name it once');
  return workloads;
}

function parseWorkload(word: string): Workload {
  const [name = '', ...rest] = word.split(':');
  if (!isWorkloadName(name)) {
    throw usageError(`There is no workload "${name}"`, `Workloads: ${WORKLOAD_NAMES.join(', ')}`, name);
  }
  const kind: WorkloadKind = KINDS[name];
  const options = rest.filter((part) => part.includes('='));
  const [text, more] = rest.filter((part) => !part.includes('='));
  const surplus = kind.fio === undefined ? (options[0] ?? more) : more;
  if (surplus !== undefined) {
    throw usageError(`${word}: ${surplus} says nothing to ${name}`, `Write ${name}:${kind.amount}`);
  }
  const amount = text === undefined ? kind.amount : parseSize(text);
  if (!Number.isSafeInteger(amount) || amount < 1 || amount > kind.most) {
    const most = formatAmount(kind.most, kind.unit);
    throw usageError(`${word} is no possible amount`, `Give 1 to ${most}, such as ${name}:${kind.amount}`);
  }
  const label = kind.label(formatAmount(amount, kind.unit));
  const common = {
    name,
    amount,
    unit: kind.unit,
    temperature: kind.temperature,
    hasLocalReference: kind.hasLocalReference === true,
  };
  if (kind.fio === undefined) return { ...common, id: name, label };
  const fio = parseFioShape(options, kind.fio, word);
  checkDivision(amount, fio, word);
  return { ...common, id: `${name}${fioSuffix(fio)}`, label: `${label}, ${describeFioShape(fio)}`, fio };
}

function isWorkloadName(name: string): name is WorkloadName {
  return Object.hasOwn(KINDS, name);
}

function formatAmount(amount: number, unit: Unit): string {
  return unit === 'bytes' ? formatSize(amount) : amount.toLocaleString('en-US');
}
