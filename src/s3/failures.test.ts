import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { createStore } from './client.js';
import type { ObjectStore } from './store.js';
import { failureOf } from '../errors/testing/failure-of.js';

describe.each(['sdk', 'lean'] as const)('over the %s client', (client) => {
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  const closers: (() => unknown)[] = [];

  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  function storeAt(port: number, idleTimeoutMs = 300): ObjectStore {
    const endpoint = `http://127.0.0.1:${port}`;
    const connection = { endpoint, region: 'us-east-1', credentials, forcePathStyle: true, client };
    const store = createStore(connection, 'bucket', { idleTimeoutMs, connectTimeoutMs: 500 });
    closers.push(() => {
      store.close();
    });
    return store;
  }

  async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const sockets = new Set<Socket>();
    server.on('connection', (socket: Socket) => sockets.add(socket));
    closers.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as AddressInfo).port; // a TCP server has an address and a port
  }

  /** A store whose server answers every request in the given way. */
  async function storeOf(listener: RequestListener): Promise<ObjectStore> {
    return storeAt(await listen(createServer(listener)));
  }

  function errorXml(code: string, message: string): string {
    return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  }

  describe('a reply with an S3 error', () => {
    test.each([
      [404, 'NoSuchKey', 'missing', undefined],
      [404, 'NoSuchBucket', 'missing-bucket', /create the bucket/],
      [403, 'AccessDenied', 'denied', /IAM policy/],
      [403, 'SignatureDoesNotMatch', 'bad-signature', /AWS_SECRET_ACCESS_KEY/],
      [403, 'InvalidAccessKeyId', 'bad-signature', /AWS_ACCESS_KEY_ID/],
      [403, 'RequestTimeTooSkewed', 'clock-skew', /timedatectl/],
      [400, 'ExpiredToken', 'no-credentials', /sso login/],
      [403, 'InvalidObjectState', 'archived', /Restore/],
      [412, 'PreconditionFailed', 'precondition-failed', undefined],
      [416, 'InvalidRange', 'bad-range', undefined],
      [503, 'SlowDown', 'throttled', /connections/],
      [500, 'InternalError', 'server-error', undefined],
      [301, 'PermanentRedirect', 'invalid-request', /--region/],
      [501, 'NotImplemented', 'unsupported', undefined],
      [400, 'SomethingNew', 'invalid-request', undefined],
    ])('%i %s becomes %s', async (status, code, kind, remedy) => {
      const store = await storeOf((_request, response) => {
        response.writeHead(status, { 'content-type': 'application/xml' }).end(errorXml(code, 'Told so.'));
      });
      const failure = await failureOf(store.get('some/key'));
      expect([failure.kind, failure.code, failure.status]).toEqual([kind, code, status]);
      expect(failure.message).toContain('GetObject s3://bucket/some/key failed: Told so');
      if (remedy === undefined) expect(failure.remedy).toBeUndefined();
      else expect(failure.remedy).toMatch(remedy);
    });

    test('the wrong region is told with the right one', async () => {
      const text =
        "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'";
      const store = await storeOf((_request, response) => {
        response.writeHead(400).end(errorXml('AuthorizationHeaderMalformed', text));
      });
      const failure = await failureOf(store.list());
      expect(failure.remedy).toBe('The bucket is in another region: use --region eu-west-1');
    });

    test.each([
      ['2', 2_000],
      ['Wed, 21 Oct 2015 07:28:09 GMT', 9_000],
      ['Wednesday, 21-Oct-15 07:28:09 GMT', 9_000],
      ['Wed, 21 Oct 2015 07:27:00 GMT', 0],
      ['soon', undefined],
      ['1.5', undefined],
    ])('Retry-After: %s is %p ms, by the clock of the server', async (value, waitMs) => {
      const store = await storeOf((_request, response) => {
        const headers = { 'retry-after': value, date: 'Wed, 21 Oct 2015 07:28:00 GMT' };
        response.writeHead(503, headers).end(errorXml('SlowDown', 'Slow'));
      });
      expect((await failureOf(store.get('key'))).retryAfterMs).toBe(waitMs);
    });

    test('a HEAD without a body is told by its status', async () => {
      const statuses = [404, 403, 412, 503];
      const store = await storeOf((_request, response) => {
        response.writeHead(statuses.shift() ?? 500).end();
      });
      const kinds: string[] = [];
      for (let round = 0; round < 4; round += 1) kinds.push((await failureOf(store.head('key'))).kind);
      expect(kinds).toEqual(['missing', 'denied', 'precondition-failed', 'throttled']);
    });

    test.each(['copy', 'complete'])('an error inside a 200 reply of %s is a failure', async (call) => {
      const store = await storeOf((request, response) => {
        request.resume().on('end', () => response.writeHead(200).end(errorXml('InternalError', 'Try again')));
      });
      const parts = [{ partNumber: 1, etag: '"e"' }];
      const failure = await failureOf(
        call === 'copy' ? store.copy('a', 'b') : store.completeUpload('a', 'id', parts),
      );
      expect(failure.kind).toBe('server-error');
    });
  });

  describe('a broken server', () => {
    test('nothing listens: unreachable, with the address', async () => {
      const server = createServer();
      const port = await listen(server);
      await new Promise((resolve) => server.close(resolve));
      const failure = await failureOf(storeAt(port).list());
      expect(failure.kind).toBe('unreachable');
      expect(failure.remedy).toContain(`http://127.0.0.1:${port}`);
    });

    test('a connection that is cut before the reply is a reset', async () => {
      const store = await storeOf((request) => request.socket.destroy());
      expect((await failureOf(store.get('key'))).kind).toBe('reset');
    });

    test('a server that never answers is a timeout after the idle time', async () => {
      const store = await storeOf(() => undefined);
      const startMs = Date.now();
      expect((await failureOf(store.get('key'))).kind).toBe('timeout');
      expect(Date.now() - startMs).toBeLessThan(3_000);
    });

    test('a body that stops in the middle fails the stream with a failure', async () => {
      const store = await storeOf((_request, response) => {
        response.writeHead(200, { 'content-length': '100', etag: '"e"' });
        response.write('half');
      });
      const { body } = await store.get('key');
      expect((await failureOf(body.toArray())).kind).toBe('timeout');
    });

    test('a body that is cut in the middle fails the stream with a failure', async () => {
      const store = await storeOf((_request, response) => {
        response.writeHead(200, { 'content-length': '100', etag: '"e"' });
        response.write('half', () => response.socket?.destroy());
      });
      const { body } = await store.get('key');
      expect((await failureOf(body.toArray())).kind).toBe('reset');
    });

    test.each([200, 404, 502])(
      'an HTML page with status %i says that this is no S3 service',
      async (status) => {
        const store = await storeOf((_request, response) => {
          response.writeHead(status, { 'content-type': 'text/html' }).end('<html><p>Welcome<br></html>');
        });
        const failure = await failureOf(store.list());
        expect(failure.remedy).toMatch(/is the address of an S3 service/);
      },
    );

    test('truncated XML is a server error', async () => {
      const store = await storeOf((_request, response) => {
        response.writeHead(200).end('<?xml version="1.0"?><ListBucketResult><Contents><Key>a');
      });
      expect((await failureOf(store.list())).kind).toBe('server-error');
    });

    test('a server that speaks no HTTP is told so', async () => {
      const port = await listen(createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')));
      const failure = await failureOf(storeAt(port).list());
      expect(failure.kind).toBe('unreachable');
      expect(failure.remedy).toMatch(/does not speak HTTP/);
    });

    test('an unknown host is unreachable', async () => {
      const endpoint = 'http://no-such-host.invalid:1';
      const store = createStore(
        { endpoint, region: 'us-east-1', credentials, forcePathStyle: true, client },
        'bucket',
      );
      const failure = await failureOf(store.list());
      store.close();
      expect([failure.kind, failure.remedy]).toEqual([
        'unreachable',
        expect.stringContaining('no-such-host'),
      ]);
    });
  });

  describe('a request', () => {
    test('is cancelled at once by its signal', async () => {
      const store = await storeOf(() => undefined);
      const controller = new AbortController();
      const pending = failureOf(store.get('key', { signal: controller.signal }));
      setImmediate(() => {
        controller.abort();
      });
      expect((await pending).kind).toBe('cancelled');
      expect((await failureOf(store.get('key', { signal: controller.signal }))).kind).toBe('cancelled');
    });

    test('fails with the failure of its source when the source breaks', async () => {
      const store = await storeOf((request) => request.resume());
      const source = new Readable({ read: () => undefined });
      source.push('first');
      const pending = failureOf(store.put('key', source, { sizeBytes: 100 }));
      setImmediate(() => source.destroy(new Error('disk is gone')));
      expect((await pending).message).toBe('disk is gone');
    });

    test('prints no warning of the SDK', async () => {
      const warnings: Error[] = [];
      const listener = (warning: Error): void => void warnings.push(warning);
      process.on('warning', listener);
      const store = await storeOf((_request, response) => response.writeHead(404).end());
      await failureOf(store.head('key'));
      await new Promise((resolve) => setImmediate(resolve));
      process.off('warning', listener);
      expect(warnings).toEqual([]);
    });
  });
});
