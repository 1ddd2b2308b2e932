import type { Config } from '../config/schema.js';
import { chooseStorageClass } from '../config/storage-class-rules.js';
import { Failure } from '../errors/failure.js';
import type { Log } from '../log/log.js';
import type { RetryPolicy } from '../s3/backoff.js';
import type { S3Connection } from '../s3/connection.js';
import type { ObjectStore } from '../s3/store.js';
import { optimizedTransporter, plainTransporter, type TransporterParts } from './optimized.js';
import { pacedStore } from './request-rate/pacer.js';
import { sdkTransporter } from './sdk-baseline.js';
import { factsOf } from './storage-facts.js';
import type { Transporter } from './transporter.js';

/** The ways to move an object, by their names in reports. */
export type TransporterName = 'plain' | 'sdk' | 'optimized';

export interface TransporterOptions {
  readonly log?: Log;
  /** Needed by `sdk`, which makes its own client. */
  readonly connection?: S3Connection;
  /** Overrides the tries and waits of single requests. */
  readonly retry?: Partial<RetryPolicy>;
}

/**
 * Makes a transporter over `store`, which should be the plain `createStore` (or a metered one): a store that retries by
 * itself would multiply the tries. `level: off` makes `optimized` send every object by one plain request.
 *
 * @throws Failure `usage` where `sdk` has no connection.
 */
export function createTransporter(
  name: TransporterName,
  store: ObjectStore,
  settings: Config['transfer'],
  options: TransporterOptions = {},
): Transporter {
  const { log, retry, connection } = options;
  const parts: TransporterParts = {
    store,
    settings,
    ...(log === undefined ? {} : { log }),
    ...(retry === undefined ? {} : { retry }),
  };
  return withStorageClass(choose(name, parts, connection), settings);
}

function choose(
  name: TransporterName,
  parts: TransporterParts,
  connection: S3Connection | undefined,
): Transporter {
  if (name === 'plain') return plainTransporter(parts);
  if (name === 'optimized') {
    if (parts.settings.level === 'off') return plainTransporter(parts, name);
    return optimizedTransporter({ ...parts, store: pacedStore(parts.store) });
  }
  if (connection === undefined)
    throw new Failure('usage', 'The sdk transporter needs the connection of its store');
  return sdkTransporter(parts, connection);
}

/** The configured class, for uploads that name none. */
function withStorageClass(transporter: Transporter, settings: Config['transfer']): Transporter {
  return {
    ...transporter,
    async upload(key, source, options = {}) {
      if (options.storageClass !== undefined) return transporter.upload(key, source, options);
      const storageClass = chooseStorageClass(settings, await factsOf(key, source));
      return transporter.upload(key, source, { ...options, storageClass });
    },
  };
}
