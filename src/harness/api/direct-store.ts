import { relative } from 'node:path';
import { loadPlanted } from '../../config/planted.js';
import { Failure } from '../../errors/failure.js';
import type { S3Connection } from '../../s3/connection.js';
import { createStore } from '../../s3/client.js';
import { withRetry } from '../../s3/retry.js';
import type { ObjectStore } from '../../s3/store.js';
import { createTransporter } from '../../transfer/create.js';
import type { Transporter } from '../../transfer/transporter.js';
import type { DirectStore } from './case.js';
import type { RunPlan } from './protocol.js';
import { rawGet } from './raw-request.js';

/** What a transporter goes through; the store that cases look with is always sound. */
interface TransferSeams {
  store(sound: ObjectStore): ObjectStore;
  transporter(sound: Transporter): Transporter;
}

const SOUND: TransferSeams = { store: (sound) => sound, transporter: (sound) => sound };

/**
 * The bucket behind the target, without the target.
 *
 * @throws Failure `unsupported` where the plan names no bucket.
 */
export async function openDirectStore(plan: RunPlan): Promise<DirectStore> {
  if (plan.store === undefined) throw new Failure('unsupported', `No bucket stands behind ${plan.target}`);
  const { bucket, prefix } = plan.store;
  const connection = connectionOf(plan.store.connection);
  const plain = createStore(connection, bucket);
  const seams = plan.planted === undefined ? SOUND : await loadPlanted<TransferSeams>(plan.planted);
  return {
    ...withRetry(plain),
    keyOf: (path) => prefix + relative(plan.directory, path),
    transporter: (name, settings = {}) =>
      seams.transporter(
        createTransporter(name, seams.store(plain), { ...plan.transfer, ...settings }, { connection }),
      ),
    rawGet: (key, headers, signal) => rawGet(connection, bucket, key, headers, signal),
  };
}

/** The plan's optional fields may be there with the value `undefined`; those of the connection may not. */
function connectionOf(planned: NonNullable<RunPlan['store']>['connection']): S3Connection {
  const { endpoint, region, credentials, forcePathStyle, client, tcpCongestion } = planned;
  const where = {
    region,
    forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(client === undefined ? {} : { client }),
    ...(tcpCongestion === undefined ? {} : { tcpCongestion }),
  };
  if (credentials === undefined) return where;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const keys = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return { ...where, credentials: keys };
}
