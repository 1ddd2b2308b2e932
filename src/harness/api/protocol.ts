import { z } from 'zod';
import { configSchema } from '../../config/schema.js';
import { faultCountSchema, faultRulesSchema } from '../../emulator/faults/rules.js';
import { caseResultSchema, requestCountSchema } from '../../report/model.js';
import { CACHE_DAMAGES, CREDENTIAL_SOURCES, NEEDS, OTHER_CLIENTS } from './case.js';

/**
 * What runner and suite worker (a Jest process on the compiled suites) say to each other. Who runs in Jest's sandbox,
 * where each worker loads its modules anew, imports types of this module only.
 *
 * - Runner to worker: one JSON file, {@link runPlanSchema}; its path stands in the environment variable
 *   `RUN_PLAN_VARIABLE` of `plan.ts`. The file holds credentials: mode 0600, in a folder of the run, removed with it.
 * - Worker to runner: {@link workerEventSchema}, one JSON object per line, appended to `eventsFile` synchronously
 *   (`appendFileSync`): a worker that is caught in a system call on a hung mount has still said which case it began.
 * - Requests of a case to the runner: {@link controlRequestSchema}, one line per connection on the unix socket
 *   `controlSocket`; the runner answers one line of {@link controlReplySchema} and closes.
 */

const credentialsSchema = z.strictObject({
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  sessionToken: z.string().optional(),
});

export const connectionSchema = z.strictObject({
  endpoint: z.string().optional(),
  region: z.string(),
  credentials: credentialsSchema.optional(),
  forcePathStyle: z.boolean(),
  client: z.enum(['sdk', 'lean']).optional(),
  tcpCongestion: z.enum(['cubic', 'bbr', 'reno']).optional(),
});

export const unmetNeedSchema = z.strictObject({
  need: z.enum(NEEDS),
  /** `unsupported`: the target has it not. `skipped`: this machine or run has it not. */
  state: z.enum(['unsupported', 'skipped']),
  reason: z.string(),
});
export type UnmetNeed = z.infer<typeof unmetNeedSchema>;

export const fixtureSchema = z.strictObject({
  name: z.string(),
  path: z.string(),
  sizeBytes: z.number().int(),
  sha256: z.string(),
});

const likePathSchema = { path: z.string() };

const likeTreeSchema = z.strictObject({
  entries: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('directory'), ...likePathSchema }),
      z.strictObject({ kind: z.literal('file'), ...likePathSchema, sizeBytes: z.number().int() }),
      z.strictObject({ kind: z.literal('symlink'), ...likePathSchema, text: z.string() }),
    ]),
  ),
  /** What was left out of it, and why. */
  notes: z.array(z.string()),
});

export const runPlanSchema = z.strictObject({
  runId: z.string(),
  suite: z.string(),
  /** `objectfs`, `dir:/path`: for messages. */
  target: z.string(),
  /** Root of the target; cases work in fresh directories below it. */
  directory: z.string(),
  seed: z.number().int(),
  /** Present where a bucket stands behind `directory`: a file's key is `prefix` + its path below `directory`. */
  store: z.strictObject({ connection: connectionSchema, bucket: z.string(), prefix: z.string() }).optional(),
  /** Present in runs of the suite `model`. */
  model: z
    .strictObject({
      /** Steps of all its cases together. */
      operations: z.number().int().positive(),
      /** Where programs that fail are saved. */
      replayFolder: z.string(),
      /** Absolute. Present: this program is run, and nothing else. */
      replayFile: z.string().optional(),
    })
    .optional(),
  /** Present in runs of the suite `integrity` with `--like`. Paths and link texts have a byte in each character. */
  like: likeTreeSchema.optional(),
  /** Settings of the `optimized` transporter. */
  transfer: configSchema.shape.transfer,
  /** Every need that is not listed is met. */
  unmet: z.array(unmetNeedSchema),
  fixtures: z.array(fixtureSchema),
  /** Ids of cases that have a result from an earlier worker of this run: not run, no event. */
  done: z.array(z.string()),
  /** Ids of the cases to run. Absent: every one. */
  only: z.array(z.string()).optional(),
  /** Absolute paths of the compiled files to load, in this order. Absent where nobody runs Jest. */
  load: z.array(z.string()).optional(),
  eventsFile: z.string(),
  /** For tests of the suites, see `src/config/planted.ts`: the file that names the defect at work. */
  planted: z.string().optional(),
  /** The runner answers `counts`: each case asks what it cost. */
  countsRequests: z.boolean().optional(),
  /** Absent: the target can not be remounted. */
  controlSocket: z.string().optional(),
});
export type RunPlan = z.infer<typeof runPlanSchema>;

/** Sent by each group before its first case: a case that was announced and never ends is `broken`, never lost. */
const groupEventSchema = z.strictObject({
  event: z.literal('group'),
  group: z.string(),
  cases: z.array(
    caseResultSchema
      .pick({ id: true, says: true, operations: true, seed: true })
      .extend({ timeoutMs: z.number(), callTimeoutMs: z.number() }),
  ),
});

const caseStartSchema = z.strictObject({
  event: z.literal('case-start'),
  id: z.string(),
  group: z.string(),
});

/** A file of the suite that could not be loaded: its cases are not known. */
const unloadableSchema = z.strictObject({
  event: z.literal('unloadable'),
  file: z.string(),
  message: z.string(),
});

/**
 * The worker itself ends a case as `hung` when its limit passes while the event loop is free. After any hung case the
 * runner ends this worker, restarts the target, and starts a new worker for the cases that are left.
 */
const caseEndSchema = z.strictObject({ event: z.literal('case-end'), result: caseResultSchema });

export const workerEventSchema = z.discriminatedUnion('event', [
  groupEventSchema,
  unloadableSchema,
  caseStartSchema,
  caseEndSchema,
]);
export type WorkerEvent = z.infer<typeof workerEventSchema>;

export const targetSettingsSchema = z.strictObject({
  memoryLimitBytes: z.number().int().positive().exactOptional(),
  operationTimeoutMs: z.number().int().positive().exactOptional(),
  cacheDiskBytes: z.number().int().positive().exactOptional(),
  cacheDamage: z.enum(CACHE_DAMAGES).exactOptional(),
  credentials: z.enum(CREDENTIAL_SOURCES).exactOptional(),
});

/**
 * `remount`: stop the target cleanly and start it again with a cold cache. `crash`: end it with SIGKILL and start it
 * again; `terminate`: the same with SIGTERM. The reply comes when it is usable. `counts`: what the embedded server was
 * asked so far. `cache-counters`: what the target says of its cache. `second-mount`, `end-second-mount`,
 * `rotate-credentials`: see `TargetControl`. `put-back`: whatever a case has changed with these is as it was.
 */
export const controlRequestSchema = z.discriminatedUnion('request', [
  z.strictObject({ request: z.literal('remount'), settings: targetSettingsSchema.exactOptional() }),
  z.strictObject({
    request: z.enum(['crash', 'end-second-mount', 'put-back', 'revive', 'rotate-credentials']),
  }),
  z.strictObject({ request: z.literal('second-mount'), client: z.enum(OTHER_CLIENTS).exactOptional() }),
  z.strictObject({ request: z.literal('set-faults'), rules: faultRulesSchema.exactOptional() }),
  z.strictObject({ request: z.literal('set-reachable'), isReachable: z.boolean() }),
  z.strictObject({
    request: z.enum(['terminate', 'process', 'fault-counts', 'counts', 'cache-counters']),
  }),
]);
export type ControlRequest = z.infer<typeof controlRequestSchema>;

/** What a request has asked for. */
export const controlAnswerSchema = z.strictObject({
  counts: z.array(requestCountSchema).exactOptional(),
  faults: z.array(faultCountSchema).exactOptional(),
  /** Of a second mount: its root, and the root of the first. */
  roots: z.strictObject({ first: z.string(), second: z.string() }).exactOptional(),
  process: z
    .strictObject({ pid: z.number(), rssBytes: z.number(), peakRssBytes: z.number() })
    .exactOptional(),
  /** Of the target, by name. */
  cache: z.record(z.string(), z.number()).exactOptional(),
  /** What a target said when it was terminated. */
  said: z.string().exactOptional(),
});
export type ControlAnswer = z.infer<typeof controlAnswerSchema>;

export const controlReplySchema = z.discriminatedUnion('ok', [
  controlAnswerSchema.extend({ ok: z.literal(true) }),
  z.strictObject({ ok: z.literal(false), message: z.string() }),
]);
export type ControlReply = z.infer<typeof controlReplySchema>;
