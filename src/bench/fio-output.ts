import { z } from 'zod';

const directionSchema = z.looseObject({ io_bytes: z.number(), bw_bytes: z.number(), total_ios: z.number() });

const entrySchema = z.looseObject({
  jobname: z.string(),
  /** An errno; 84 (EILSEQ) for content that does not verify. */
  error: z.number(),
  read: directionSchema,
  write: directionSchema,
});
/** What fio tells of one process of a job. */
export type FioEntry = z.infer<typeof entrySchema>;

const outputSchema = z.looseObject({ jobs: z.array(entrySchema) });

/**
 * The entries of `fio --output-format=json`: messages may stand before and behind them.
 *
 * @returns `undefined` where there are none.
 */
export function fioEntries(stdout: string): readonly FioEntry[] | undefined {
  const start = stdout.search(/^\{/m);
  const end = stdout.lastIndexOf('\n}');
  if (start < 0 || end < start) return undefined;
  try {
    return outputSchema.parse(JSON.parse(stdout.slice(start, end + 2))).jobs;
  } catch {
    return undefined;
  }
}

/** `wrote 16 MiB at 120 MiB/s, read 16 MiB at 300 MiB/s`: together, of all processes. */
export function fioFigures(entries: readonly FioEntry[]): string {
  const written = figure(
    'wrote',
    entries.map(({ write }) => write),
  );
  const read = figure(
    'read',
    entries.map((entry) => entry.read),
  );
  return [written, read].filter((each) => each !== undefined).join(', ');
}

function figure(verb: string, parts: readonly z.infer<typeof directionSchema>[]): string | undefined {
  const bytes = parts.reduce((sum, { io_bytes }) => sum + io_bytes, 0);
  const perSecond = parts.reduce((sum, { bw_bytes }) => sum + bw_bytes, 0);
  if (bytes === 0) return undefined;
  return `${verb} ${inMib(bytes)} at ${inMib(perSecond)}/s`;
}

function inMib(bytes: number): string {
  return `${(bytes / (1024 * 1024)).toFixed(1)} MiB`;
}
