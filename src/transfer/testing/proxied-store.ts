import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Emulator } from '../../emulator/emulator.js';
import { createStore } from '../../s3/client.js';
import type { S3Connection } from '../../s3/connection.js';
import type { ObjectStore } from '../../s3/store.js';
import { startEmulatedStore } from '../../s3/testing/emulated-store.js';
import { startWireProxy, type WireProxy } from './wire-proxy.js';

/** A server behind a proxy that sees and breaks requests, and a folder for files. */
export interface ProxiedStore {
  readonly emulator: Emulator;
  readonly proxy: WireProxy;
  /** Past the proxy: what the server really holds. */
  readonly direct: ObjectStore;
  readonly store: ObjectStore;
  /** Through the proxy. */
  readonly connection: S3Connection;
  readonly folder: string;
  /** All bytes of an object, past the proxy. */
  readonly stored: (key: string) => Promise<Buffer>;
  close(): Promise<void>;
}

/** @param client - @defaultValue the SDK's */
export async function startProxiedStore(bucket: string, client?: 'sdk' | 'lean'): Promise<ProxiedStore> {
  const behind = await startEmulatedStore([bucket], client === undefined ? {} : { client });
  const proxy = await startWireProxy(behind.emulator.endpoint);
  const connection = { ...behind.connection, endpoint: proxy.endpoint };
  const store = createStore(connection, bucket);
  const folder = await fs.mkdtemp(join(tmpdir(), 'objectfs-transfer-'));
  return {
    emulator: behind.emulator,
    proxy,
    direct: behind.store,
    store,
    connection,
    folder,
    stored: async (key) => Buffer.concat(await (await behind.store.get(key)).body.toArray()),
    close: async () => {
      store.close();
      await proxy.close();
      await behind.close();
      await fs.rm(folder, { recursive: true });
    },
  };
}
