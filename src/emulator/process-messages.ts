import { z } from 'zod';
import { linkProfileSchema, requestCountSchema } from '../report/model.js';
import { faultCountSchema, faultRulesSchema } from './faults/rules.js';
import type { LinkProfile } from './link/profile.js';
import type { EmulatorOptions } from './emulator.js';

/** What can be said of a server that runs in a process of its own: all but functions. */
export interface EmulatorProcessOptions extends Omit<
  EmulatorOptions,
  'nowMs' | 'onInternalError' | 'around' | 'aroundLanes'
> {
  /** For tests of the suites, see `src/config/planted.ts`: the file that names the defect at work. */
  readonly planted?: string;
}

export const credentialsSchema = z.strictObject({
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  sessionToken: z.string().exactOptional(),
});

/** The first message from the parent. */
export const optionsSchema = z.strictObject({
  host: z.string().exactOptional(),
  port: z.number().int().exactOptional(),
  dataDir: z.string().exactOptional(),
  // The model of reports has the same fields; only how it writes "absent" differs from the interface.
  link: z.custom<LinkProfile>((value) => linkProfileSchema.safeParse(value).success).exactOptional(),
  linkSeed: z.number().int().exactOptional(),
  faults: faultRulesSchema.exactOptional(),
  credentials: credentialsSchema.exactOptional(),
  region: z.string().exactOptional(),
  baseHost: z.string().exactOptional(),
  planted: z.string().exactOptional(),
});

/** What the parent says afterwards. */
export const requestSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('counts'), id: z.number().int() }),
  z.strictObject({ kind: z.literal('fault-counts'), id: z.number().int() }),
  /** Without rules nothing goes wrong any more. */
  z.strictObject({
    kind: z.literal('set-faults'),
    id: z.number().int(),
    rules: faultRulesSchema.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('set-reachable'),
    id: z.number().int(),
    isReachable: z.boolean(),
  }),
  /** Without credentials there is no guest any more. */
  z.strictObject({
    kind: z.literal('set-guest'),
    id: z.number().int(),
    credentials: credentialsSchema.exactOptional(),
  }),
]);
export type ParentRequest = z.infer<typeof requestSchema>;

/** What the child says. */
export const messageSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('ready'),
    endpoint: z.string(),
    credentials: credentialsSchema,
    region: z.string(),
  }),
  z.strictObject({ kind: z.literal('failed'), message: z.string(), remedy: z.string().optional() }),
  z.strictObject({ kind: z.literal('counts'), id: z.number().int(), counts: z.array(requestCountSchema) }),
  z.strictObject({ kind: z.literal('faults'), id: z.number().int(), faults: z.array(faultCountSchema) }),
  z.strictObject({ kind: z.literal('done'), id: z.number().int() }),
  z.strictObject({ kind: z.literal('refused'), id: z.number().int(), message: z.string() }),
]);
export type ChildMessage = z.infer<typeof messageSchema>;
