import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createStore } from './client.js';
import type { ObjectStore } from './store.js';

describe.each(['sdk', 'lean'] as const)('over the %s client', (client) => {
  // Replies as Ceph RGW 16.2 was seen to send them, which the embedded server does not.

  const ETAG = 'af5da9f45af7a300e3aded972f8ff687';
  const requests: string[] = [];
  let server: Server;
  let store: ObjectStore;

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request.method ?? '');
      request.resume();
      response.setHeader('content-type', 'application/xml');
      if (request.method === 'HEAD') response.setHeader('etag', `"${ETAG}-1"`);
      response.end(bodyFor(request));
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo; // it listens on TCP
    store = createStore(
      {
        endpoint: `http://127.0.0.1:${port}`,
        region: 'us-east-1',
        credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
        forcePathStyle: true,
        client,
      },
      'bucket',
    );
  });

  afterAll(async () => {
    store.close();
    await new Promise((closed) => server.close(closed));
  });

  beforeEach(() => {
    requests.length = 0;
  });

  function bodyFor({ method, url = '', headers }: IncomingMessage): string {
    if (method === 'POST') {
      return '<CompleteMultipartUploadResult><ETag></ETag><Key>key</Key></CompleteMultipartUploadResult>';
    }
    if (headers['x-amz-copy-source'] === undefined) return '';
    const name = url.includes('partNumber') ? 'CopyPartResult' : 'CopyObjectResult';
    return `<${name}><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>${ETAG}</ETag></${name}>`;
  }

  describe('replies that are not as those of AWS', () => {
    test('a completion without an ETag is followed by a HEAD that tells it', async () => {
      const result = await store.completeUpload('key', 'upload', [{ partNumber: 1, etag: '"part"' }]);
      expect(result.etag).toBe(`"${ETAG}-1"`);
      expect(requests).toEqual(['POST', 'HEAD']);
    });

    test('the ETag of a copy has its quotes, as that of every other reply', async () => {
      expect((await store.copy('source', 'key')).etag).toBe(`"${ETAG}"`);
      expect((await store.copyPart('key', 'upload', 1, { sourceKey: 'source' })).etag).toBe(`"${ETAG}"`);
    });
  });
});
