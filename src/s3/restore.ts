import { Failure } from '../errors/failure.js';
import { createCaller } from './caller.js';
import { isTransient, retrying } from './backoff.js';
import type { S3Connection } from './connection.js';
import type { RestoreTier } from './restore-tiers.js';

export interface RestoreWish {
  readonly bucket: string;
  readonly key: string;
  /** How long the copy stays readable, from 1. */
  readonly days: number;
  readonly tier: RestoreTier;
}

/** S3 API reference, RestoreObject: its status is 409, which means try again with other codes. */
const UNDER_WAY = 'RestoreAlreadyInProgress';

/**
 * Asks for a readable copy of an object in GLACIER or DEEP_ARCHIVE; making it takes minutes to two days. One
 * that is being made already is as good.
 *
 * @throws Failure `invalid-request` where the object lies in no archive class.
 */
export async function restoreObject(
  connection: S3Connection,
  { bucket, key, days, tier }: RestoreWish,
  signal?: AbortSignal,
): Promise<void> {
  const caller = createCaller(connection);
  const input = {
    Bucket: bucket,
    Key: key,
    RestoreRequest: { Days: days, GlacierJobParameters: { Tier: tier } },
  };
  try {
    await retrying(
      () =>
        caller.call(caller.about('RestoreObject', bucket, key), signal, (client, send) =>
          client.restoreObject(input, send),
        ),
      { signal, isRetriable: (failure) => isTransient(failure) && failure.code !== UNDER_WAY },
    );
  } catch (reason) {
    const failure = Failure.from(reason);
    if (failure.code !== UNDER_WAY)
      throw failure.kind === 'archived' ? notArchived(bucket, key, failure) : failure;
  } finally {
    caller.close();
  }
}

/** The code is the one that a read of an archived object gets, whose remedy would be this very request. */
function notArchived(bucket: string, key: string, cause: Failure): Failure {
  const message = `s3://${bucket}/${key} lies in no archive class: there is nothing to restore`;
  return new Failure('invalid-request', message, {
    subject: key,
    remedy: 'Read it as it is',
    cause,
    ...(cause.code === undefined ? {} : { code: cause.code }),
  });
}
