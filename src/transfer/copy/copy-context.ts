import type { Config } from '../../config/schema.js';
import { Failure } from '../../errors/failure.js';
import type { Log } from '../../log/log.js';
import type { ObjectHead, ObjectStore } from '../../s3/store.js';
import type { TransferSummary } from '../transporter.js';

/** One object of a bucket. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/** What all copies of one command share. */
export interface CopyContext {
  /** The plain store of a bucket: tries are made by the copy itself. */
  readonly storeFor: (bucket: string) => ObjectStore;
  /** Names the service in journals: the same bucket elsewhere is another one. */
  readonly endpoint: string;
  readonly settings: Config['transfer'];
  /** Where journals are. */
  readonly journals: string;
  /** `false`: what an earlier run has left is removed, and this one leaves nothing. */
  readonly resume: boolean;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Bytes of a copy that are done, and of how many. */
export type OnBytes = (doneBytes: number, totalBytes: number) => void;

/** What one copy did. */
export interface CopySummary extends TransferSummary {
  readonly source: string;
  readonly destination: string;
  readonly etag?: string;
}

/** A source that goes on changing is not copied for ever. */
export const MAX_STARTS = 3;

export function urlOf({ bucket, key }: ObjectPlace): string {
  return `s3://${bucket}/${key}`;
}

/** Tells what is kept and how to go on. */
export function resumable(reason: unknown, keptBytes: number): Failure {
  const failure = Failure.from(reason);
  if (keptBytes === 0) return failure;
  const { subject, status, code, remedy } = failure;
  const kept = `${keptBytes} bytes are done and kept: the same command goes on from there, with --no-resume it starts anew`;
  return new Failure(failure.kind, failure.message, {
    ...(subject === undefined ? {} : { subject }),
    ...(status === undefined ? {} : { status }),
    ...(code === undefined ? {} : { code }),
    remedy: remedy === undefined ? kept : `${remedy}. ${kept}`,
    cause: failure,
  });
}

/**
 * Objects of the archive classes can not be read before they are restored; asking for their bytes would fail part by
 * part.
 *
 * @throws Failure `archived`.
 */
export function refuseArchived(place: ObjectPlace, { storageClass, restore }: ObjectHead): void {
  if (storageClass !== 'GLACIER' && storageClass !== 'DEEP_ARCHIVE') return;
  if (restore?.includes('ongoing-request="false"') === true) return;
  const isUnderWay = restore?.includes('ongoing-request="true"') === true;
  const url = urlOf(place);
  throw new Failure('archived', `${url} lies in ${storageClass} and can not be read now`, {
    subject: url,
    remedy: isUnderWay
      ? 'A restore is under way; try again when it is done'
      : `Restore it first: objectfs restore ${url}`,
  });
}
