import { z } from 'zod';
import { readDocument } from '../read-document.js';

const count = z.number().int().positive();
const ms = z.number().nonnegative();
/** Where in a body it happens, as a share of its length. */
const fraction = z.number().min(0).max(1).exactOptional();

/** What goes wrong; docs/link-laboratory.md says what each does on the wire. */
const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('status'),
    status: z.number().int().min(400).max(599),
    code: z.string().exactOptional(),
    retryAfterSeconds: ms.exactOptional(),
  }),
  z.strictObject({ kind: z.literal('slow'), delayMs: ms }),
  z.strictObject({
    kind: z.literal('reset'),
    at: z.enum(['before', 'inside-request', 'inside-reply', 'after-reply']),
    fraction,
  }),
  z.strictObject({ kind: z.literal('short-body'), fraction }),
  z.strictObject({ kind: z.literal('stalled-body'), fraction, forMs: ms.exactOptional() }),
  z.strictObject({ kind: z.literal('error-document'), code: z.string().exactOptional() }),
  z.strictObject({ kind: z.literal('wrong-etag') }),
  z.strictObject({ kind: z.literal('lost-reply') }),
  z.strictObject({ kind: z.literal('expired-token') }),
  z.strictObject({ kind: z.literal('skewed-clock'), offsetMs: z.number().int().exactOptional() }),
  z.strictObject({ kind: z.literal('corrupt-byte'), of: z.enum(['request', 'reply']).exactOptional() }),
  z.strictObject({ kind: z.literal('truncated-xml'), fraction }),
]);
export type Fault = z.infer<typeof faultSchema>;

export const FAULT_KINDS: readonly Fault['kind'][] = faultSchema.options.map(({ shape }) => shape.kind.value);

const ruleSchema = z.strictObject({
  /** For counts and reports. @defaultValue the kind of the fault */
  name: z.string().exactOptional(),
  /** S3's name, or several: `UploadPart`. Absent: all. */
  operation: z.union([z.string(), z.array(z.string()).min(1)]).exactOptional(),
  bucket: z.string().exactOptional(),
  /** Pattern: `*` is all but `/`, `**` is anything, `?` one character. Absent: all. */
  key: z.string().exactOptional(),
  /** Parameters that the request must have, each with a pattern for its value. */
  query: z.record(z.string(), z.coerce.string()).exactOptional(),
  // When: of the requests that fit, those for which all that follows holds.
  nth: z.union([count, z.array(count).min(1)]).exactOptional(),
  every: count.exactOptional(),
  from: count.exactOptional(),
  to: count.exactOptional(),
  /** Since the server or proxy began. */
  afterMs: ms.exactOptional(),
  untilMs: ms.exactOptional(),
  probability: z.number().min(0).max(1).exactOptional(),
  /** At most so often. */
  times: count.exactOptional(),
  fault: faultSchema,
});
export type FaultRule = z.infer<typeof ruleSchema>;

const throttleSchema = z.strictObject({
  /** PUT, COPY, POST and DELETE. @defaultValue 3500, as S3 documents for each prefix */
  writesPerSecond: z.number().positive().exactOptional(),
  /** GET and HEAD. @defaultValue 5500 */
  readsPerSecond: z.number().positive().exactOptional(),
  /** What shares a limit: `bucket`, or `folder` (the key up to its last `/`). @defaultValue `folder` */
  per: z.enum(['bucket', 'folder']).exactOptional(),
  /** After so many seconds with refusals a prefix gets twice its limit, as S3 splits it. Absent: never. */
  splitAfterSeconds: z.number().positive().exactOptional(),
  retryAfterSeconds: ms.exactOptional(),
});
export type ThrottleRule = z.infer<typeof throttleSchema>;

export const faultRulesSchema = z.strictObject({
  /** Of probabilities and places of bytes. @defaultValue 1 */
  seed: z.number().int().exactOptional(),
  /** The first rule that fires decides. */
  rules: z.array(ruleSchema).exactOptional(),
  throttle: throttleSchema.exactOptional(),
});
/** What a server or a proxy does wrong. */
export type FaultRules = z.infer<typeof faultRulesSchema>;

export const faultCountSchema = z.strictObject({
  name: z.string(),
  /** Requests that fitted. */
  matched: z.number().int(),
  /** Those that were made to fail. */
  fired: z.number().int(),
});
/** How often a rule was at work. */
export type FaultCount = Readonly<z.infer<typeof faultCountSchema>>;

/**
 * Reads a file of fault rules.
 *
 * @throws Failure `usage` where it can not be read, for an unknown key (naming the nearest) and for a wrong value.
 */
export function readFaultRules(path: string): FaultRules {
  return readDocument(path, faultRulesSchema);
}
