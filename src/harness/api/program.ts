import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { usageError } from '../../errors/failure.js';

/** Programs of the suite `model`: data that says which system calls are made, one after the other. */

const count = z.number().int().nonnegative();
/** Below the program's directory: `a`, `d/b`. Never leaves it. */
const path = z.string().regex(/^[a-z]+(?:\/[a-z]+)*$/);
/** A place for one descriptor; a call on an empty place, or an open into one in use, is not made. */
const slot = z.number().int().min(0).max(15);
/** The process that makes the call; calls on a descriptor are made by the process that opened it. */
const by = z.number().int().min(0).max(3);
/** Where the written bytes begin in the pool of seeded bytes, `suites/model/model/content.ts`. */
const from = count;
const attribute = z.string().regex(/^user\.[a-z]+$/);

export const stepSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('open'), by, slot, path, flags: count, mode: count }),
  z.strictObject({ op: z.literal('close'), slot }),
  z.strictObject({ op: z.literal('dup'), slot, to: slot }),
  z.strictObject({ op: z.literal('read'), slot, length: count, at: count.optional() }),
  z.strictObject({ op: z.literal('write'), slot, from, length: count, at: count.optional() }),
  z.strictObject({
    op: z.literal('seek'),
    slot,
    whence: z.number().int().min(0).max(4),
    at: z.number().int(),
  }),
  z.strictObject({ op: z.literal('ftruncate'), slot, size: count }),
  z.strictObject({ op: z.literal('truncate'), by, path, size: count }),
  z.strictObject({ op: z.literal('fallocate'), slot, mode: count, at: count, length: count }),
  z.strictObject({ op: z.literal('copy'), slot, at: count, to: slot, toAt: count, length: count }),
  z.strictObject({ op: z.literal('map'), slot, at: count, from, length: count }),
  z.strictObject({ op: z.literal('fsync'), slot, dataOnly: z.boolean() }),
  z.strictObject({ op: z.literal('fstat'), slot }),
  z.strictObject({ op: z.literal('fchmod'), slot, mode: count }),
  z.strictObject({ op: z.literal('futimes'), slot, mtimeNs: z.string().regex(/^-?\d+$/) }),
  z.strictObject({ op: z.literal('stat'), by, path }),
  z.strictObject({ op: z.literal('check'), by, path }),
  z.strictObject({ op: z.literal('chmod'), by, path, mode: count }),
  z.strictObject({ op: z.literal('utimes'), by, path, mtimeNs: z.string().regex(/^-?\d+$/) }),
  z.strictObject({ op: z.literal('mkdir'), by, path, mode: count }),
  z.strictObject({ op: z.literal('rmdir'), by, path }),
  z.strictObject({ op: z.literal('readdir'), by, path }),
  z.strictObject({ op: z.literal('unlink'), by, path }),
  z.strictObject({ op: z.literal('link'), by, path, to: path }),
  z.strictObject({ op: z.literal('symlink'), by, target: path, path }),
  z.strictObject({ op: z.literal('readlink'), by, path }),
  z.strictObject({ op: z.literal('rename'), by, path, to: path, flags: z.number().int().min(0).max(2) }),
  z.strictObject({
    op: z.literal('setxattr'),
    by,
    path,
    name: attribute,
    from,
    length: z.number().int().min(0).max(256),
    flags: z.number().int().min(0).max(2),
  }),
  z.strictObject({ op: z.literal('getxattr'), by, path, name: attribute }),
  z.strictObject({ op: z.literal('listxattr'), by, path }),
  z.strictObject({ op: z.literal('removexattr'), by, path, name: attribute }),
  /** Closes every descriptor, then starts the target again with a cold cache where the runner can. */
  z.strictObject({ op: z.literal('remount') }),
  /** Ends the target with SIGKILL while descriptors are open, then starts it again; else as `remount`. */
  z.strictObject({ op: z.literal('kill') }),
]);
export type Step = z.infer<typeof stepSchema>;

export const programSchema = z.array(stepSchema).min(1);
export type Program = z.infer<typeof programSchema>;

/** A failing program on disk: what `objectfs replay` takes. */
export const replaySchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** The case that found it and the seed of its run, for who wants the whole sequence again. */
  case: z.string(),
  seed: z.number().int(),
  target: z.string(),
  /** What happened at the last step, or in the comparison of the tree at the end. */
  failure: z.string(),
  program: programSchema,
});
export type Replay = z.infer<typeof replaySchema>;

/**
 * Reads a replay file.
 *
 * @throws Failure `usage` where it is missing, no JSON, or no replay file of a version that is known.
 */
export function readReplay(file: string): Replay {
  const remedy = 'Name a file that a failing case of the suite model has saved';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw usageError(`The replay file ${file} can not be read`, remedy, file);
  }
  try {
    return replaySchema.parse(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause).replace(/\s+/g, ' ') : 'it is no JSON';
    throw usageError(`${file} is no replay file: ${why}`, remedy, file);
  }
}
