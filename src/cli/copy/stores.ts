import type { Log } from '../../log/log.js';
import { createStore } from '../../s3/client.js';
import type { S3Connection } from '../../s3/connection.js';
import type { ObjectStore } from '../../s3/store.js';
import { pacedStore } from '../../transfer/request-rate/pacer.js';

/** The stores of one copy: one for each bucket. */
export interface CopyStores {
  storeFor(bucket: string): ObjectStore;
  close(): void;
}

/** All that a copy asks waits for the learnt request rate of its store: its HEADs and LISTs as well as its parts. */
export function copyStores(connection: S3Connection, log: Log): CopyStores {
  const stores = new Map<string, ObjectStore>();
  return {
    storeFor(bucket) {
      const store = stores.get(bucket) ?? pacedStore(createStore(connection, bucket, { log }));
      stores.set(bucket, store);
      return store;
    },
    close() {
      for (const store of stores.values()) store.close();
    },
  };
}
