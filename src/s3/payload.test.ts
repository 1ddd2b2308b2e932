import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createStore } from './client.js';
import { crc32Base64 } from './payload.js';
import type { ObjectStore } from './store.js';

describe.each(['sdk', 'lean'] as const)('over the %s client', (client) => {
  const SHA256_OF_HELLO = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';
  const hello = Buffer.from('hello');

  let server: Server;
  let seen: IncomingHttpHeaders[];
  let knowsCrc: boolean;
  let store: ObjectStore;

  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(request.headers);
      request.resume();
      const crc = request.headers['x-amz-checksum-crc32'];
      if (knowsCrc && crc !== undefined) response.setHeader('x-amz-checksum-crc32', crc);
      response.setHeader('etag', '"e"').end();
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });

  afterAll(async () => {
    await new Promise((closed) => server.close(closed));
  });

  beforeEach(() => {
    seen = [];
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
    const endpoint = `http://127.0.0.1:${port}`;
    store = createStore(
      { endpoint, region: 'us-east-1', credentials, forcePathStyle: true, client },
      'bucket',
    );
  });

  afterEach(() => {
    store.close();
  });

  describe('a body in memory', () => {
    test('the CRC32 of the check string is that of the catalogue', () => {
      // Check value of CRC-32/ISO-HDLC: cbf43926.
      expect(Buffer.from(crc32Base64(Buffer.from('123456789')), 'base64').toString('hex')).toBe('cbf43926');
    });

    test('goes with a CRC32 and not with a signed SHA-256 to a server that verifies the CRC32', async () => {
      knowsCrc = true;
      await store.put('key', hello);
      await store.uploadPart('key', 'upload', 1, hello);
      for (const headers of seen) {
        expect(headers['x-amz-content-sha256']).toBe('UNSIGNED-PAYLOAD');
        expect(headers['x-amz-checksum-crc32']).toBe(crc32Base64(hello));
      }
    });

    test('goes with the CRC32 that its sender has made, which may be of other bytes', async () => {
      knowsCrc = true;
      const crc32 = crc32Base64(Buffer.from('hallo'));
      await store.put('key', hello, { crc32 });
      await store.uploadPart('key', 'upload', 1, hello, { crc32 });
      expect(seen.map((headers) => headers['x-amz-checksum-crc32'])).toEqual([crc32, crc32]);
      expect(seen.map((headers) => headers['x-amz-content-sha256'])).toEqual(
        Array(2).fill('UNSIGNED-PAYLOAD'),
      );
    });

    test('and a stream goes with the CRC32 that its sender has made, else without', async () => {
      const crc32 = crc32Base64(hello);
      await store.put('key', Readable.from([hello]), { sizeBytes: hello.length, crc32 });
      await store.uploadPart('key', 'upload', 1, Readable.from([hello]), { sizeBytes: hello.length, crc32 });
      await store.put('key', Readable.from([hello]), { sizeBytes: hello.length });
      expect(seen.map((headers) => headers['x-amz-checksum-crc32'])).toEqual([crc32, crc32, undefined]);
      expect(seen.map((headers) => headers['x-amz-content-sha256'])).toEqual(
        Array(3).fill('UNSIGNED-PAYLOAD'),
      );
    });

    test('is signed from the second request on where a server over plain HTTP ignores the CRC32', async () => {
      knowsCrc = false;
      await store.put('key', hello);
      await store.put('key', hello);
      expect(seen.map((headers) => headers['x-amz-content-sha256'])).toEqual([
        'UNSIGNED-PAYLOAD',
        SHA256_OF_HELLO,
      ]);
    });

    test('that is signed goes without the CRC32 that its sender has made', async () => {
      knowsCrc = false;
      const crc32 = crc32Base64(hello);
      await store.put('key', hello, { crc32 });
      await store.put('key', hello, { crc32 });
      expect(seen.map((headers) => headers['x-amz-checksum-crc32'])).toEqual([crc32, undefined]);
      expect(seen[1]?.['x-amz-content-sha256']).toBe(SHA256_OF_HELLO);
    });
  });
});
