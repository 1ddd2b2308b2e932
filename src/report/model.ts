import { z } from 'zod';
import { claimResultSchema } from './claim-model.js';
import { driftSchema } from './drift-model.js';
import { linkProfileSchema } from './link-model.js';
import { connectionCountSchema, hedgeCountSchema, requestCountSchema } from './request-model.js';
import { selftestSchema } from './selftest-model.js';
import { stormSchema } from './storm-model.js';

export { driftSchema, type Drift } from './drift-model.js';
export { linkProfileSchema, type LinkFacts } from './link-model.js';
export { requestCountSchema, type RequestCount } from './request-model.js';

/**
 * The versioned model that every run writes as `results.json` and every reporter (HTML, PNG, JUnit, console) reads.
 * Reporters see nothing else, so any report can be made again from the file.
 */
export const SCHEMA_VERSION = 1;

export const CASE_STATES = [
  'passed',
  'failed',
  'unsupported',
  'skipped',
  'broken',
  'expected-failure',
  'unexpected-pass',
  'hung',
] as const;
export type CaseState = (typeof CASE_STATES)[number];

export const caseResultSchema = z.strictObject({
  id: z.string(),
  says: z.string(),
  group: z.string(),
  operations: z.array(z.string()),
  state: z.enum(CASE_STATES),
  /** Why, for every state but `passed`. */
  reason: z.string().optional(),
  /** What it measured, in words: figures, never judged. */
  note: z.string().optional(),
  elapsedMs: z.number(),
  seed: z.number(),
  /** Things that it looked at; absent where it was ended from outside. */
  checks: z.number().int().optional(),
  /** What the embedded server was asked from its first line to its last; absent where nobody counted. */
  requests: z.array(requestCountSchema).optional(),
  /** Of `requests`, by the prices of `pricesAsOf`. */
  dollarsPerMillionRuns: z.number().optional(),
});
export type CaseResult = z.infer<typeof caseResultSchema>;

export const suiteResultSchema = z.strictObject({
  suite: z.string(),
  /** `objectfs`, `dir:/path`. */
  target: z.string(),
  /** A control run on a local directory: its verdict is about the suite, not about a target. */
  control: z.boolean(),
  elapsedMs: z.number(),
  cases: z.array(caseResultSchema),
  /** Present where the target was probed before the first case: in the first suite of a run. */
  drift: z.array(driftSchema).optional(),
  /** What the embedded server was asked meanwhile, by target and cases. */
  requests: z.array(requestCountSchema).optional(),
  /** Of `requests`, by the prices of `pricesAsOf`. */
  dollarsPerMillionRuns: z.number().optional(),
});
export type SuiteResult = z.infer<typeof suiteResultSchema>;

export const sampleSchema = z.strictObject({
  block: z.number().int(),
  /** Position of this run inside its block, from 0. */
  order: z.number().int(),
  elapsedMs: z.number(),
  bytes: z.number(),
  /** As the transporter counts them; absent for outside programs, which do not tell. */
  requests: z.number().int().optional(),
  retries: z.number().int().optional(),
  hedges: hedgeCountSchema.optional(),
  connections: connectionCountSchema.optional(),
  /** User plus system time of the process that moved the bytes; of a program in ticks of 10 ms. */
  cpuMs: z.number(),
  peakRssBytes: z.number(),
  fallback: z.string().optional(),
  /** What somebody else waited for small objects meanwhile, one request after another. */
  besideMs: z.array(z.number()).readonly().optional(),
  /** Bytes compared outside the timed part. */
  verified: z.boolean(),
  /** Share of CPU time that the hypervisor took during the run, 0 to 1; absent where it is not known. */
  steal: z.number().optional(),
});
export type Sample = z.infer<typeof sampleSchema>;

export const armSchema = z.strictObject({
  /** `plain`, `sdk`, `optimized`, `rclone`; `plain-again` is the A/A control. */
  arm: z.string(),
  /** Total bytes over total time. */
  mibPerSecond: z.number(),
  /** What the server saw, mean over the runs by operation; absent or empty where it does not tell. */
  served: z.array(z.strictObject({ operation: z.string(), count: z.number() })).optional(),
  samples: z.array(sampleSchema),
});
export type Arm = z.infer<typeof armSchema>;

export const COMPARISON_VERDICTS = ['faster', 'slower', 'equivalent', 'inconclusive'] as const;

/** A ratio with its 95 % interval. */
export const ratioSchema = z.strictObject({ estimate: z.number(), lower: z.number(), upper: z.number() });
export type Ratio = z.infer<typeof ratioSchema>;

export const comparisonSchema = z.strictObject({
  arm: z.string(),
  baseline: z.string(),
  /** Above 1: `arm` is faster. 20 %-trimmed mean of the log speed-up per block, with its 95 % bootstrap interval. */
  ratio: ratioSchema,
  median: z.number(),
  blocks: z.number().int(),
  /** Blocks in which `arm` was faster. */
  wins: z.number().int(),
  /** Two-sided Wilcoxon signed-rank test. */
  wilcoxonP: z.number(),
  /** After Benjamini and Hochberg over all comparisons of the run. */
  adjustedP: z.number(),
  /** Speed-up of each block; `outlier` marks Tukey's far-out values, none of which is left out. */
  perBlock: z.array(z.strictObject({ block: z.number().int(), ratio: z.number(), outlier: z.boolean() })),
  /** The ratio again without the marked blocks; present where there are any. */
  withoutOutliers: ratioSchema.optional(),
  /** Interval of the A/A ratio: what this cell shows as a difference where there is none. */
  noiseFloor: ratioSchema,
  /** Differences up to this share count as none: the declared margin, or the noise floor where that is wider. */
  margin: z.number(),
  verdict: z.enum(COMPARISON_VERDICTS),
});
export type Comparison = z.infer<typeof comparisonSchema>;

export const benchCellSchema = z.strictObject({
  operation: z.enum(['upload', 'download']),
  /** `64 MiB`, `real files (12)`. */
  label: z.string(),
  sizeBytes: z.number(),
  objects: z.number().int(),
  profile: z.string(),
  arms: z.array(armSchema),
  comparisons: z.array(comparisonSchema),
});
export type BenchCell = z.infer<typeof benchCellSchema>;

/** How the benchmark was done, and what all its cells together say. */
export const experimentSchema = z.strictObject({
  seed: z.number(),
  plannedBlocks: z.number().int(),
  warmupBlocks: z.number().int(),
  /** Absent: no limit. */
  budgetMs: z.number().optional(),
  margin: z.number(),
  /** Plain words: what was planned, then what was left out and why. */
  notes: z.array(z.string()),
  /** Geometric mean over the cells, one row per pair of arms. */
  summary: z.array(
    z.strictObject({
      arm: z.string(),
      baseline: z.string(),
      ratio: ratioSchema,
      cells: z.number().int(),
      verdict: z.enum(COMPARISON_VERDICTS),
    }),
  ),
});
export type Experiment = z.infer<typeof experimentSchema>;

export const mountSampleSchema = sampleSchema
  .pick({ block: true, order: true, elapsedMs: true, bytes: true, verified: true })
  .extend({
    /** User plus system time of the target's process until the bucket held everything; absent where it is not ours. */
    cpuMs: sampleSchema.shape.cpuMs.optional(),
    peakRssBytes: sampleSchema.shape.peakRssBytes.optional(),
    /** From the end of the timed part until the bucket held everything; 0 where `close` waits for that. */
    settleMs: z.number(),
    /** What the embedded server was asked, until then; absent for other servers. */
    requests: z.number().int().optional(),
  });
export type MountSample = z.infer<typeof mountSampleSchema>;

/** One workload on every target. */
export const mountCellSchema = z.strictObject({
  /** `create`, `git-status`. */
  workload: z.string(),
  /** `create 200 files of 4 KiB`. */
  label: z.string(),
  amount: z.number().int(),
  unit: z.enum(['bytes', 'reads', 'stats', 'files']),
  arms: z.array(
    z.strictObject({
      /** Name of the target; `NAME again` is the A/A control of the first one, `local` a local directory. */
      arm: z.string(),
      /** Absent where nothing was measured. */
      medianMs: z.number().optional(),
      /** Mean over its runs, by operation. */
      requests: z.array(z.strictObject({ operation: z.string(), count: z.number() })),
      samples: z.array(mountSampleSchema),
      /** Why the target could not do it; no run after that. */
      problem: z.string().optional(),
    }),
  ),
  /** The first target against each other one. */
  comparisons: z.array(comparisonSchema),
});
export type MountCell = z.infer<typeof mountCellSchema>;

/** Workloads through mounts, target by target. */
export const mountBenchSchema = z.strictObject({
  profile: z.string(),
  targets: z.array(z.strictObject({ target: z.string(), version: z.string(), quirks: z.array(z.string()) })),
  experiment: experimentSchema,
  cells: z.array(mountCellSchema),
});
export type MountBench = z.infer<typeof mountBenchSchema>;

export const environmentSchema = z.strictObject({
  node: z.string(),
  kernel: z.string(),
  architecture: z.string(),
  cpu: z.string(),
  cores: z.number().int(),
  memoryBytes: z.number(),
  /** Load average of the last minute at start. */
  load: z.number(),
  /** Share of CPU time stolen by the hypervisor during the run, 0 to 1; absent where /proc/stat is not there. */
  steal: z.number().optional(),
  endpoint: z.string(),
  /** `embedded` or what the `Server` header of the endpoint says. */
  server: z.string(),
});
export type Environment = z.infer<typeof environmentSchema>;

export const cleanupSchema = z.strictObject({
  bucket: z.string(),
  removedObjects: z.number().int(),
  removedUploads: z.number().int(),
  /** A listing after the removal said that the bucket is gone. */
  proven: z.boolean(),
  problem: z.string().optional(),
});
export type Cleanup = z.infer<typeof cleanupSchema>;

export const runReportSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  run: z.strictObject({
    id: z.string(),
    /** The command line, secrets left out. */
    command: z.string(),
    startedAt: z.iso.datetime(),
    finishedAt: z.iso.datetime(),
    seed: z.number(),
    version: z.string(),
  }),
  verdict: z.enum(['passed', 'failed', 'inconclusive']),
  /** Plain words; one per thing that decided the verdict. */
  reasons: z.array(z.string()),
  /** Present: the numbers come from the embedded server behind this link, not from AWS; every page says SIMULATED. */
  simulated: z
    .strictObject({ region: z.string().optional(), profile: linkProfileSchema, reason: z.string() })
    .optional(),
  environment: environmentSchema,
  /** Month of the price table (`src/report/prices.ts`) that dollars are reckoned by. */
  pricesAsOf: z.string().optional(),
  suites: z.array(suiteResultSchema),
  bench: z.array(benchCellSchema),
  /** Present where `bench` holds cells. */
  experiment: experimentSchema.optional(),
  /** Present where workloads were measured through mounts. */
  mounts: mountBenchSchema.optional(),
  /** Present where the suites themselves were tested. */
  selftest: selftestSchema.optional(),
  /** Present where downloads met a server that refuses what comes above a rate. */
  storm: stormSchema.optional(),
  /** Present where the project's claims were put to the test. */
  claims: z.array(claimResultSchema).optional(),
  requests: z.array(requestCountSchema),
  cleanup: z.array(cleanupSchema),
});
export type RunReport = z.infer<typeof runReportSchema>;
