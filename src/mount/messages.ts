import { z } from 'zod';
import { ERRNO_FOR, Failure, type FailureKind } from '../errors/failure.js';
import { mountStatus } from './observe/status.js';

// The keys of a total table are its kinds; Object.keys does not say so.
const KINDS = Object.keys(ERRNO_FOR) as [FailureKind, ...FailureKind[]];

/** A failure on its way between processes; the cause stays in the log of the one that had it. */
const plainFailure = z.object({
  kind: z.enum(KINDS),
  message: z.string(),
  subject: z.string().optional(),
  remedy: z.string().optional(),
  code: z.string().optional(),
});

/** From the daemon to the process that started it. */
export const daemonMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    mountPoint: z.string(),
    device: z.string(),
    /** What an earlier mount with the same cache folder could not save. */
    recovery: z.object({ folder: z.string(), files: z.number() }).optional(),
  }),
  z.object({ type: z.literal('ended'), failure: plainFailure.optional() }),
]);
export type DaemonMessage = z.infer<typeof daemonMessage>;

/** One line to the control socket. `ping` asks for nothing: an answer says that the daemon lives. */
export const controlRequest = z.object({
  command: z.enum(['ping', 'status', 'unmount']),
  /** Of `unmount`: also where something can not be saved, or programs use the mount. */
  force: z.boolean().optional(),
});
export type ControlRequest = z.infer<typeof controlRequest>;

/** The one line that it answers with. */
export const controlReply = z.object({
  pid: z.number(),
  mountPoint: z.string(),
  source: z.string(),
  failure: plainFailure.optional(),
  /** The answer to `status`. */
  status: mountStatus.optional(),
});
export type ControlReply = z.infer<typeof controlReply>;

export type PlainFailure = z.infer<typeof plainFailure>;

export function toPlainFailure(reason: unknown): PlainFailure {
  const { kind, message, subject, remedy, code } = Failure.from(reason);
  return {
    kind,
    message,
    ...(subject !== undefined && { subject }),
    ...(remedy !== undefined && { remedy }),
    ...(code !== undefined && { code }),
  };
}

export function fromPlainFailure(plain: PlainFailure): Failure {
  const { subject, remedy, code } = plain;
  return new Failure(plain.kind, plain.message, {
    ...(subject !== undefined && { subject }),
    ...(remedy !== undefined && { remedy }),
    ...(code !== undefined && { code }),
  });
}
