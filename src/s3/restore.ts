import { createCaller } from './caller.js';
import { retrying } from './backoff.js';
import type { S3Connection } from './connection.js';
import type { RestoreTier } from './restore-tiers.js';

export interface RestoreWish {
  readonly bucket: string;
  readonly key: string;
  /** How long the copy stays readable, from 1. */
  readonly days: number;
  readonly tier: RestoreTier;
}

/**
 * Asks for a readable copy of an object in GLACIER or DEEP_ARCHIVE; making it takes minutes to two days.
 *
 * @throws Failure `archived` where the object lies in no archive class, `invalid-request` where a restore is under way.
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
      { signal },
    );
  } finally {
    caller.close();
  }
}
