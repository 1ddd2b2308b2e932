import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startEmulator } from '../emulator/emulator.js';
import { createBucketAdmin } from '../s3/admin.js';
import { unmetByEndpoint } from './endpoint-needs.js';

const signal = new AbortController().signal;
const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };

describe('needs that a server does not meet', () => {
  test('a difference that is declared but not seen is met, and nothing is left in the bucket', async () => {
    const emulator = await startEmulator();
    const { endpoint, region } = emulator;
    const connection = { endpoint, region, credentials: emulator.credentials, forcePathStyle: true };
    const admin = createBucketAdmin(connection);
    await admin.create('needs');
    expect(await unmetByEndpoint({ connection, server: 'Ceph RGW' }, 'needs', signal)).toEqual([]);
    expect(emulator.requestCounts().find(({ operation }) => operation === 'GetObject')?.count).toBe(5);
    expect((await admin.empty('needs')).objects).toBe(0);
    admin.close();
    await emulator.close();
  });

  test('a difference that is seen excuses only where it is declared for this server', async () => {
    const server = createServer((request, response) => {
      request.resume();
      response.setHeader('etag', '"d41d8cd98f00b204e9800998ecf8427e"');
      response.statusCode = request.headers.range === 'bytes=20-10' ? 416 : 200;
      response.end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const connection = {
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials,
      forcePathStyle: true,
    };
    const seen = await unmetByEndpoint({ connection, server: 'Ceph RGW' }, 'needs', signal);
    expect(seen.map(({ need }) => need)).toEqual(['range-suffix-of-none', 'range-first-after-last']);
    // It says nothing of the target, so it decides nothing about its known results.
    expect(seen.map(({ state }) => state)).toEqual(['skipped', 'skipped']);
    expect(seen[1]?.reason).toContain('"Range: bytes=20-10" with 416');
    for (const name of ['unknown', 'embedded', 'AmazonS3']) {
      expect(await unmetByEndpoint({ connection, server: name }, 'needs', signal)).toEqual([]);
    }
    await new Promise((closed) => server.close(closed));
  });
});
