import { z } from 'zod';

const processSchema = z.strictObject({
  pid: z.number().int(),
  /** See `ProcessIdentity`: tells this process from a later one with the same number. */
  startTicks: z.number().int(),
});

const runId = z.string();
const at = z.iso.datetime();

/**
 * One line of the ledger; nothing is ever rewritten, an entry is the sum of its lines. No line holds a secret.
 *
 * Every line is on the disk before the thing that it names is made, except `process`, which follows at once.
 */
export const ledgerLineSchema = z.discriminatedUnion('line', [
  z.strictObject({
    line: z.literal('run'),
    at,
    runId,
    runner: processSchema,
    /** Folder for everything that the run needs on the local disk. */
    folder: z.string(),
  }),
  z.strictObject({
    line: z.literal('bucket'),
    at,
    runId,
    bucket: z.string(),
    /** URL, or `aws:REGION`. */
    endpoint: z.string(),
    region: z.string(),
    forcePathStyle: z.boolean(),
    /** Present where the endpoint is an embedded server of this run: the bucket dies with that process. */
    emulator: processSchema.optional(),
  }),
  /** The server has made it, and keeps its tags or knows none. */
  z.strictObject({ line: z.literal('bucket-made'), at, runId, bucket: z.string(), isTagged: z.boolean() }),
  z.strictObject({
    line: z.literal('process'),
    at,
    runId,
    role: z.enum(['emulator', 'daemon', 'worker']),
    process: processSchema,
  }),
  z.strictObject({ line: z.literal('mount'), at, runId, mountPoint: z.string() }),
  /** A folder outside the run's own one: what `dir:PATH` works in. */
  z.strictObject({ line: z.literal('folder'), at, runId, folder: z.string() }),
  z.strictObject({
    /** `bucket-left`: the clean-up did not come to its end; the bucket is still there, `reason` says why. */
    line: z.enum(['bucket-gone', 'bucket-left']),
    at,
    runId,
    bucket: z.string(),
    reason: z.string(),
  }),
  z.strictObject({
    /** `run-left`: something on this machine is still there. */
    line: z.enum(['run-closed', 'run-left']),
    at,
    runId,
    reason: z.string(),
  }),
]);
export type LedgerLine = z.infer<typeof ledgerLineSchema>;
export type BucketLine = Extract<LedgerLine, { line: 'bucket' }>;
export type ProcessLine = Extract<LedgerLine, { line: 'process' }>;

/** A line without its time, which the ledger adds. */
export type NewLedgerLine = LedgerLine extends infer Line
  ? Line extends LedgerLine
    ? Omit<Line, 'at'>
    : never
  : never;

/** What the ledger says of one bucket. */
export interface BucketEntry extends BucketLine {
  readonly state: 'open' | 'left' | 'gone';
  /** Absent until the server has made the bucket. */
  readonly isTagged?: boolean;
  /** Of the last `bucket-gone` or `bucket-left` line. */
  readonly reason?: string;
}

/** What the ledger says of one run. */
export interface RunEntry {
  readonly runId: string;
  readonly startedAt: string;
  readonly runner: z.infer<typeof processSchema>;
  readonly folders: readonly string[];
  readonly mountPoints: readonly string[];
  readonly processes: readonly Omit<ProcessLine, 'line' | 'at' | 'runId'>[];
  readonly buckets: readonly BucketEntry[];
  readonly state: 'open' | 'left' | 'closed';
  readonly reason?: string;
}

/** The entries that these lines make, oldest run first. Lines of a run that was never opened are passed over. */
export function foldLines(lines: readonly LedgerLine[]): readonly RunEntry[] {
  const runs = new Map<string, RunEntry>();
  for (const line of lines) {
    const run = line.line === 'run' ? openRun(line) : addLine(runs.get(line.runId), line);
    if (run !== undefined) runs.set(run.runId, run);
  }
  return [...runs.values()];
}

function openRun(line: Extract<LedgerLine, { line: 'run' }>): RunEntry {
  return {
    runId: line.runId,
    startedAt: line.at,
    runner: line.runner,
    folders: [line.folder],
    mountPoints: [],
    processes: [],
    buckets: [],
    state: 'open',
  };
}

function addLine(run: RunEntry | undefined, line: LedgerLine): RunEntry | undefined {
  if (run === undefined) return undefined;
  switch (line.line) {
    case 'run':
      return run;
    case 'bucket': {
      return { ...run, buckets: [...run.buckets, { ...line, state: 'open' }] };
    }
    case 'bucket-made':
      return { ...run, buckets: run.buckets.map((entry) => markMade(entry, line)) };
    case 'process':
      return { ...run, processes: [...run.processes, { role: line.role, process: line.process }] };
    case 'mount':
      return { ...run, mountPoints: [...run.mountPoints, line.mountPoint] };
    case 'folder':
      return { ...run, folders: [...run.folders, line.folder] };
    case 'bucket-gone':
    case 'bucket-left':
      return { ...run, buckets: run.buckets.map((entry) => markBucket(entry, line)) };
    case 'run-closed':
    case 'run-left':
      return { ...run, state: line.line === 'run-closed' ? 'closed' : 'left', reason: line.reason };
  }
}

function markMade(entry: BucketEntry, line: Extract<LedgerLine, { line: 'bucket-made' }>): BucketEntry {
  return entry.bucket === line.bucket ? { ...entry, isTagged: line.isTagged } : entry;
}

function markBucket(
  entry: BucketEntry,
  line: Extract<LedgerLine, { line: 'bucket-gone' | 'bucket-left' }>,
): BucketEntry {
  if (entry.bucket !== line.bucket) return entry;
  return { ...entry, state: line.line === 'bucket-gone' ? 'gone' : 'left', reason: line.reason };
}
