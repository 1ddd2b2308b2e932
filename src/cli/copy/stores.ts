import type { Log } from '../../log/log.js';
import { createStore } from '../../s3/client.js';
import type { S3Connection } from '../../s3/connection.js';
import { ConnectionMeter, type ConnectionCounts } from '../../s3/sockets/meter.js';
import type { ObjectStore } from '../../s3/store.js';
import { pacedStore } from '../../transfer/request-rate/pacer.js';

/** The stores of one copy: one for each bucket. */
export interface CopyStores {
  storeFor(bucket: string): ObjectStore;
  /** Of all buckets; worker threads have connections of their own, which nobody counts. */
  connections(): ConnectionCounts;
  close(): void;
}

/** All that a copy asks waits for the learnt request rate of its store: its HEADs and LISTs as well as its parts. */
export function copyStores(connection: S3Connection, log: Log): CopyStores {
  const meter = new ConnectionMeter();
  const stores = new Map<string, ObjectStore>();
  return {
    storeFor(bucket) {
      const store = stores.get(bucket) ?? pacedStore(createStore(connection, bucket, { log, meter }));
      stores.set(bucket, store);
      return store;
    },
    connections: () => meter.counts(),
    close() {
      for (const store of stores.values()) store.close();
    },
  };
}
