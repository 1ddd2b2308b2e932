import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { Failure } from '../../errors/failure.js';
import { createStore, type StoreOptions } from '../client.js';
import type { ObjectStore } from '../store.js';
import { ThreadWatch } from '../workers/testing/thread-watch.js';

/** Self-signed for `localhost`, made for this test. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg6upYL23d12yf1BVX
VQ/jD3Y7Mt/Fqd+ky/4pWf8j3JehRANCAATh2JmcI5iD5BDQkhrffouoJtCcQYc6
XQBZgfxVvOshI9DiQBdtd+As4ildcjN57XBzfjH2mMP70CXb21HBp1K3
-----END PRIVATE KEY-----`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIURo+oseIXLf6745j3wbireWJS0dcwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE1MDkyMVoYDzIxMjYxMDI5
MTUwOTIxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATh2JmcI5iD5BDQkhrffouoJtCcQYc6XQBZgfxVvOshI9DiQBdtd+As
4ildcjN57XBzfjH2mMP70CXb21HBp1K3o2kwZzAdBgNVHQ4EFgQUNM96ZOwKDu3W
ZdG71RaUj2CCWaUwHwYDVR0jBBgwFoAUNM96ZOwKDu3WZdG71RaUj2CCWaUwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
SAAwRQIgb//AH9WfEY2+lfqe+ykeTvq6KFSynyp9s1S8ydYt2CcCIQCTOmMo//t1
rSInOtq4EJAq3b9wTQeaH4blBcluQ9o46g==
-----END CERTIFICATE-----`;
describe.each(['sdk', 'lean'] as const)('over the %s client', (client) => {
  const payload = randomBytes(3 * 2 ** 20);
  let server: Server;
  let store: ObjectStore;
  let received: Buffer[];
  let connections = 0;

  beforeAll(async () => {
    server = createServer({ key: KEY, cert: CERTIFICATE }, (request, response) => {
      request.on('data', (chunk: Buffer) => received.push(chunk));
      request.on('end', () => response.setHeader('etag', '"e"').end(request.method === 'GET' ? payload : ''));
    });
    server.on('secureConnection', () => (connections += 1));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });

  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  beforeEach(() => {
    received = [];
    connections = 0;
    store = connect();
  });

  function connect(limits: StoreOptions = {}, transferWorkers = 0): ObjectStore {
    const { port } = server.address() as AddressInfo; // it listens on TCP
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
    const endpoint = `https://localhost:${port}`;
    const place = { endpoint, region: 'us-east-1', credentials, forcePathStyle: true };
    return createStore({ ...place, client, transferWorkers }, 'bucket', limits);
  }

  afterEach(() => {
    store.close();
  });

  test('a certificate that nobody vouches for is refused, with what to do', async () => {
    const failure = await store.head('key').then(
      () => undefined,
      (reason: unknown) => reason as Failure, // the store throws nothing else
    );
    expect(failure?.kind).toBe('unreachable');
    expect(failure?.remedy).toMatch(/NODE_EXTRA_CA_CERTS/);
  });

  describe('over TLS', () => {
    beforeEach(() => {
      store.close();
      store = connect({ authorities: CERTIFICATE });
    });

    test('bodies go both ways whole, on one connection', async () => {
      await store.put('key', payload);
      expect(Buffer.concat(received.splice(0)).equals(payload)).toBe(true);
      await store.put('key', Readable.from([payload.subarray(0, 5), payload.subarray(5)]), {
        sizeBytes: payload.length,
      });
      expect(Buffer.concat(received).equals(payload)).toBe(true);
      const { body } = await store.get('key');
      expect(Buffer.concat(await body.toArray()).equals(payload)).toBe(true);
      await store.head('key');
      expect(connections).toBe(1);
    });

    test('a worker thread trusts the same authorities, and moves bodies over a connection of its own', async () => {
      const watch = new ThreadWatch();
      store.close();
      store = connect({ authorities: CERTIFICATE }, 1);
      await store.put('key', payload);
      expect(Buffer.concat(received).equals(payload)).toBe(true);
      const range = { firstByte: 0, lastByte: payload.length - 1 };
      const { body } = await store.get('key', { range });
      expect(Buffer.concat(await body.toArray()).equals(payload)).toBe(true);
      expect(connections).toBe(1);
      expect(watch.started).toHaveLength(client === 'lean' ? 1 : 0);
      store.close();
      await watch.ended();
    });

    test('a body that is given up ends its connection, and the next request takes a new one', async () => {
      const { body } = await store.get('key');
      body.destroy();
      await store.head('key');
      expect(connections).toBe(2);
    });
  });
});
