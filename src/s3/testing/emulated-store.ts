import { startEmulator, type Emulator } from '../../emulator/emulator.js';
import { createBucketAdmin } from '../admin.js';
import { createStore } from '../client.js';
import type { S3Connection } from '../connection.js';
import type { ObjectStore } from '../store.js';

/** A server of this process and stores on its buckets. */
export interface EmulatedStore {
  readonly emulator: Emulator;
  /** To the server itself. */
  readonly connection: S3Connection;
  /** On the first bucket. */
  readonly store: ObjectStore;
  readonly storeOf: (bucket: string) => ObjectStore;
  close(): Promise<void>;
}

export interface EmulatedStoreOptions {
  /** Of the stores. @defaultValue the SDK's */
  readonly client?: 'sdk' | 'lean';
  /** Of the stores. @defaultValue theirs */
  readonly idleTimeoutMs?: number;
}

/** Starts a server over HTTP with these buckets. */
export async function startEmulatedStore(
  buckets: readonly [string, ...string[]],
  { client = 'sdk', ...limits }: EmulatedStoreOptions = {},
): Promise<EmulatedStore> {
  const emulator = await startEmulator();
  const { endpoint, region, credentials } = emulator;
  const connection = { endpoint, region, credentials, forcePathStyle: true, client };
  const admin = createBucketAdmin(connection);
  for (const bucket of buckets) await admin.create(bucket);
  admin.close();
  const stores = new Map(buckets.map((bucket) => [bucket, createStore(connection, bucket, limits)]));
  const storeOf = (bucket: string): ObjectStore => {
    const store = stores.get(bucket);
    if (store === undefined) throw new Error(`No bucket ${bucket}`);
    return store;
  };
  return {
    emulator,
    connection,
    store: storeOf(buckets[0]),
    storeOf,
    close: async () => {
      for (const store of stores.values()) store.close();
      await emulator.close();
    },
  };
}
