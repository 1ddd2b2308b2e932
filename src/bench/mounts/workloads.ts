import { formatSize, parseSize } from '../../config/size.js';
import { usageError } from '../../errors/failure.js';

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
  readonly name: WorkloadName;
  readonly amount: number;
  /** `create 1,000 files of 4 KiB`. */
  readonly label: string;
  readonly unit: Unit;
  readonly temperature: Temperature;
  /** Measured beside the mounts: the same on a local directory. */
  readonly hasLocalReference: boolean;
}

export type Unit = 'bytes' | 'reads' | 'files';

interface WorkloadKind {
  readonly unit: Unit;
  readonly amount: number;
  readonly most: number;
  readonly temperature: Temperature;
  readonly hasLocalReference?: boolean;
  label(amount: string): string;
}

/** Read buffers hold the whole file, so that bytes are compared after the clock has stopped. */
const MOST_BYTES = 2048 * MIB;
const MOST_FILES = 100_000;

const bytes = { unit: 'bytes', amount: 64 * MIB, most: MOST_BYTES } as const;
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
} as const satisfies Readonly<Record<string, WorkloadKind>>;

export type WorkloadName = keyof typeof KINDS;

export const WORKLOAD_NAMES: readonly string[] = Object.keys(KINDS);

/** The file of `random-read`. */
export const RANDOM_FILE_BYTES = 64 * MIB;

/**
 * The workloads of a list such as `write:1GiB,create:1000,find`; without one all of them at their default amounts.
 *
 * @throws Failure `usage` for an unknown name, an impossible amount and a workload that is named twice.
 */
export function parseWorkloads(list: string | undefined): readonly Workload[] {
  const words = list === undefined ? WORKLOAD_NAMES : list.split(',').map((word) => word.trim());
  const workloads = words.map(parseWorkload);
  const twice = workloads.find(
    (one, index) => workloads.findIndex(({ name }) => name === one.name) !== index,
  );
  if (twice !== undefined) throw usageError(`The workload ${twice.name} is named twice`, 'Name it once');
  return workloads;
}

function parseWorkload(word: string): Workload {
  const [name = '', text] = word.split(':', 2);
  if (!isWorkloadName(name)) {
    throw usageError(`There is no workload "${name}"`, `Workloads: ${WORKLOAD_NAMES.join(', ')}`, name);
  }
  const kind: WorkloadKind = KINDS[name];
  const amount = text === undefined ? kind.amount : parseSize(text);
  if (!Number.isSafeInteger(amount) || amount < 1 || amount > kind.most) {
    const most = formatAmount(kind.most, kind.unit);
    throw usageError(`${word} is no possible amount`, `Give 1 to ${most}, such as ${name}:${kind.amount}`);
  }
  return {
    name,
    amount,
    label: kind.label(formatAmount(amount, kind.unit)),
    unit: kind.unit,
    temperature: kind.temperature,
    hasLocalReference: kind.hasLocalReference === true,
  };
}

function isWorkloadName(name: string): name is WorkloadName {
  return Object.hasOwn(KINDS, name);
}

function formatAmount(amount: number, unit: Unit): string {
  return unit === 'bytes' ? formatSize(amount) : amount.toLocaleString('en-US');
}
