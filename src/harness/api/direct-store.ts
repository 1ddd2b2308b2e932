import { relative } from 'node:path';
import { Failure } from '../../errors/failure.js';
import type { S3Connection } from '../../s3/connection.js';
import { createStore } from '../../s3/client.js';
import { withRetry } from '../../s3/retry.js';
import { createTransporter } from '../../transfer/create.js';
import type { DirectStore } from './case.js';
import type { RunPlan } from './protocol.js';
import { rawGet } from './raw-request.js';

/**
 * The bucket behind the target, without the target.
 *
 * @throws Failure `unsupported` where the plan names no bucket.
 */
export function openDirectStore(plan: RunPlan): DirectStore {
  if (plan.store === undefined) throw new Failure('unsupported', `No bucket stands behind ${plan.target}`);
  const { bucket, prefix } = plan.store;
  const connection = connectionOf(plan.store.connection);
  const plain = createStore(connection, bucket);
  return {
    ...withRetry(plain),
    keyOf: (path) => prefix + relative(plan.directory, path),
    transporter: (name, settings = {}) =>
      createTransporter(name, plain, { ...plan.transfer, ...settings }, { connection }),
    rawGet: (key, headers, signal) => rawGet(connection, bucket, key, headers, signal),
  };
}

/** The plan's optional fields may be there with the value `undefined`; those of the connection may not. */
function connectionOf(planned: NonNullable<RunPlan['store']>['connection']): S3Connection {
  const { endpoint, region, credentials, forcePathStyle, client } = planned;
  const where = {
    region,
    forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(client === undefined ? {} : { client }),
  };
  if (credentials === undefined) return where;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return { ...where, credentials: keys };
}
