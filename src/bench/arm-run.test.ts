import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { configSchema } from '../config/schema.js';
import { ThreadWatch } from '../s3/workers/testing/thread-watch.js';
import { startProxiedStore } from '../transfer/testing/proxied-store.js';
import { runArmJob } from './arm-run.js';

test('transfer.workers are those of our own arms, and of no baseline', async () => {
  const place = await startProxiedStore('arms');
  const threads = new ThreadWatch();
  try {
    const bytes = randomBytes(2 * 2 ** 20);
    const path = join(place.folder, 'source');
    await writeFile(path, bytes);
    const { transfer } = configSchema.parse({ transfer: { workers: 1 } });
    const { connection, folder: home } = place;
    const counts: number[] = [];
    for (const arm of ['plain', 'optimized', 'cubic'] as const) {
      const settings = { arm, connection, bucket: 'arms', transfer, home, warmKey: 'none' };
      const { fallback, connections } = await runArmJob(settings, {
        operation: 'upload',
        objects: [{ key: arm, path }],
      });
      expect(fallback).toBeUndefined();
      // Those of threads are theirs.
      expect(connections === undefined).toBe(arm !== 'plain');
      expect((await place.stored(arm)).equals(bytes)).toBe(true);
      counts.push(threads.started.length);
    }
    expect(counts).toEqual([0, 1, 2]);
  } finally {
    await threads.ended();
    await place.close();
  }
});

/** Passes bytes on, and counts connections: an HTTP proxy of this process would be counted as a client of it. */
async function startRelay(target: string) {
  const { hostname: host, port } = new URL(target);
  let opened = 0;
  const server = createServer((socket) => {
    opened += 1;
    pipeline(socket, connect(Number(port), host), socket, () => undefined);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address() as AddressInfo; // it listens on TCP
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    opened: () => opened,
    close: () => new Promise((closed) => server.close(closed)),
  };
}

test.each(['sdk', 'lean'] as const)(
  'connections are counted as they were opened, and hedged requests, over the %s client',
  async (client) => {
    const place = await startProxiedStore('counts', client);
    const { folder: home, emulator } = place;
    const relay = await startRelay(emulator.endpoint);
    try {
      const connection = { ...place.connection, endpoint: relay.endpoint };
      const bytes = randomBytes(40 * 2 ** 20);
      await place.direct.put('object', bytes);
      const path = join(home, 'target');
      const settings = { hedge: true, connections: 2, chunkSize: 5 * 2 ** 20 };
      const { transfer } = configSchema.parse({ transfer: settings });
      for (const arm of ['plain', 'optimized'] as const) {
        emulator.setFaults({ rules: [{ operation: 'GetObject', nth: 3, fault: { kind: 'stalled-body' } }] });
        const openedBefore = relay.opened();
        const armSettings = { arm, connection, bucket: 'counts', transfer, home, warmKey: 'none' };
        const job = { operation: 'download', objects: [{ key: 'object', path }] } as const;
        const { requests = 0, hedges, connections } = await runArmJob(armSettings, job);
        const opened = relay.opened() - openedBefore;
        expect(connections).toEqual({ opened, reused: requests - opened });
        const once = Number(arm === 'optimized');
        expect([requests, hedges]).toEqual([1 + 8 * once, { sent: once, won: once, cancelled: 0 }]);
        expect((await readFile(path)).equals(bytes)).toBe(true);
      }
    } finally {
      await place.close();
      await relay.close();
    }
  },
);
