import type { Log } from '../log/log.js';
import { createCaller } from './caller.js';
import type { S3Connection } from './connection.js';
import { createLeanStore } from './lean/client.js';
import { listingMethods } from './listing.js';
import { objectMethods } from './objects.js';
import type { HttpLimits } from './sdk.js';
import type { ObjectStore } from './store.js';
import { uploadMethods } from './uploads.js';
import { withTransferWorkers } from './workers/store.js';

export interface StoreOptions extends HttpLimits {
  readonly log?: Log;
}

/**
 * One bucket, over the AWS SDK or, where the connection says so, over our own HTTP client. One call is one HTTP request: nothing is retried here, so what is counted above is
 * what went over the wire (wrap with `withRetry` where nobody above retries). The one exception is a completion that is
 * answered without an ETag, which is followed by a HEAD. Loads the SDK at the first call.
 */
export function createStore(
  connection: S3Connection,
  bucket: string,
  options: StoreOptions = {},
): ObjectStore {
  if (connection.client === 'lean') {
    const lean = createLeanStore(connection, bucket, options);
    return withTransferWorkers(lean, connection, options);
  }
  const caller = createCaller(connection, options, options.log);
  return {
    bucket,
    ...objectMethods(caller, bucket),
    ...listingMethods(caller, bucket),
    ...uploadMethods(caller, bucket),
    close: () => {
      caller.close();
    },
  };
}
