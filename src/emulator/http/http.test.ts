import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { startTestServer, type TestServer } from '../testing/test-server.js';

let server: TestServer;
const Bucket = 'protocol';

beforeAll(async () => {
  server = await startTestServer();
  await server.client.send(new CreateBucketCommand({ Bucket }));
});

afterAll(async () => {
  expect(server.internalErrors).toEqual([]);
  await server.close();
});

function put(
  key: string,
  body: string,
  more: Readonly<Record<string, string>> = {},
): ReturnType<TestServer['raw']['send']> {
  return server.raw.send({ method: 'PUT', path: `/${Bucket}/${key}`, body, headers: more });
}

describe('signatures over HTTP', () => {
  test('anonymous requests are denied, presigned URLs work', async () => {
    await put('signed', 'content');
    const anonymous = await server.raw.send({ method: 'GET', path: `/${Bucket}/signed`, sign: 'none' });
    expect([anonymous.status, anonymous.code]).toEqual([403, 'AccessDenied']);
    const presigned = await server.raw.send({ method: 'GET', path: `/${Bucket}/signed`, sign: 'query' });
    expect([presigned.status, presigned.text]).toEqual([200, 'content']);
  });

  test('a presigned URL with one parameter more is refused', async () => {
    const { headers, target } = await server.raw.prepare({
      method: 'GET',
      path: `/${Bucket}/signed`,
      sign: 'query',
    });
    const reply = await server.raw.sendPrepared('GET', `${target}&response-content-type=x`, headers);
    expect([reply.status, reply.code]).toEqual([403, 'SignatureDoesNotMatch']);
  });

  test('a body that is not the signed one leaves no object', async () => {
    const declared = createHash('sha256').update('another').digest('hex');
    const reply = await server.raw.send({
      method: 'PUT',
      path: `/${Bucket}/tampered`,
      body: 'content',
      declared,
    });
    expect([reply.status, reply.code]).toEqual([400, 'XAmzContentSHA256Mismatch']);
    expect((await server.raw.send({ method: 'HEAD', path: `/${Bucket}/tampered` })).status).toBe(404);
  });

  test('keys with every kind of character are signed as S3 does: encoded once', async () => {
    const key = "a b+c&d=e%25/\u00fc!'()*~$@,;:?#[]\u{1F600}//x/../y";
    const path = `/${Bucket}/${key
      .split('/')
      .map(encodeURIComponent)
      .join('/')
      .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)}`;
    expect((await server.raw.send({ method: 'PUT', path, body: 'x' })).status).toBe(200);
    expect((await server.raw.send({ method: 'GET', path })).text).toBe('x');
    const got = await server.client.send(new GetObjectCommand({ Bucket, Key: key }));
    expect(got.ContentLength).toBe(1);
  });

  test('a chunked body with a trailing checksum is decoded, and refused where the checksum is wrong', async () => {
    const send = (checksum: string): ReturnType<TestServer['raw']['send']> =>
      server.raw.send({
        method: 'PUT',
        path: `/${Bucket}/chunked`,
        body: `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${checksum}\r\n\r\n`,
        declared: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        headers: {
          'content-encoding': 'aws-chunked',
          'x-amz-decoded-content-length': '5',
          'x-amz-trailer': 'x-amz-checksum-crc32',
        },
      });
    const good = await send('NhCmhg==');
    expect([good.status, good.headers['x-amz-checksum-crc32']]).toEqual([200, 'NhCmhg==']);
    const read = await server.raw.send({ method: 'GET', path: `/${Bucket}/chunked` });
    expect([read.text, read.headers['content-encoding']]).toEqual(['hello', undefined]);
    const bad = await send('AAAAAA==');
    expect([bad.status, bad.code]).toEqual([400, 'BadDigest']);
  });
});

describe('the protocol', () => {
  test('the bucket may be in the host name', async () => {
    await put('hosted', 'by name');
    const { port } = new URL(server.emulator.endpoint);
    const reply = await server.raw.send({
      method: 'GET',
      path: '/hosted',
      headers: { host: `${Bucket}.localhost:${port}` },
    });
    expect(reply.text).toBe('by name');
  });

  test('error replies have S3 headers and XML; those to HEAD have no body', async () => {
    const get = await server.raw.send({ method: 'GET', path: `/${Bucket}/none%3C%26` });
    expect(get.status).toBe(404);
    expect(get.headers['x-amz-request-id']).toMatch(/^[0-9A-F]{16}$/);
    expect(get.text).toContain('<Code>NoSuchKey</Code>');
    expect(get.text).toContain('<Key>none&lt;&amp;</Key>');
    const head = await server.raw.send({ method: 'HEAD', path: `/${Bucket}/none` });
    expect([head.status, head.text]).toEqual([404, '']);
  });

  test('an operation that is not there is refused by its name', async () => {
    const acl = await server.raw.send({ method: 'GET', path: `/${Bucket}/x`, query: { acl: '' } });
    expect([acl.status, acl.code]).toEqual([501, 'NotImplemented']);
    expect(acl.text).toContain('GetObjectAcl');
    const cors = await server.raw.send({
      method: 'PUT',
      path: `/${Bucket}`,
      query: { cors: '' },
      body: '<x/>',
    });
    expect(cors.text).toContain('PutBucketCors');
    expect(server.emulator.requestCounts()).toContainEqual(
      expect.objectContaining({ operation: 'PutBucketCors', count: 1, errors: 1 }),
    );
  });

  test.each([
    ['POST', '', { uploads: '' }, 'CreateMultipartUpload'],
    ['POST', '/x', { uploadId: 'none', uploads: '' }, 'CompleteMultipartUpload'],
    ['PUT', '/x', { uploadId: 'none' }, 'UploadPart'],
    ['POST', '', { cors: '' }, 'Unknown'],
  ])('a bad %s %s %j is counted as %s', async (method, key, query, operation) => {
    const errors = (): number =>
      server.emulator.requestCounts().find((count) => count.operation === operation)?.errors ?? 0;
    const before = errors();
    const reply = await server.raw.send({ method, path: `/${Bucket}${key}`, query });
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(errors()).toBe(before + 1);
  });

  test('a body without a length is refused', async () => {
    const { headers, target } = await server.raw.prepare({
      method: 'PUT',
      path: `/${Bucket}/endless`,
      declared: 'UNSIGNED-PAYLOAD',
    });
    const reply = await server.raw.sendPrepared(
      'PUT',
      target,
      { ...headers, 'transfer-encoding': 'chunked' },
      'abc',
    );
    expect([reply.status, reply.code]).toEqual([411, 'MissingContentLength']);
  });

  test('control characters in keys survive a listing with encoding-type=url', async () => {
    await put('control/%01%0A%7F', 'x');
    const listed = await server.client.send(
      new ListObjectsV2Command({ Bucket, Prefix: 'control/', EncodingType: 'url' }),
    );
    expect(listed.Contents?.map(({ Key }) => Key)).toEqual(['control/%01%0A%7F']);
  });

  test('a key of 1,024 bytes is taken, one of 1,025 is not', async () => {
    expect((await put('k'.repeat(1024), '')).status).toBe(200);
    expect((await put('k'.repeat(1025), '')).code).toBe('KeyTooLongError');
  });
});

/** Speaks to the server over a bare connection. */
async function converse(text: string, until: RegExp): Promise<{ said: string; end: () => Promise<void> }> {
  const { hostname, port } = new URL(server.emulator.endpoint);
  const socket = connect(Number(port), hostname);
  let said = '';
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      resolve();
    }),
  );
  await new Promise<void>((resolve) => {
    socket.on('data', (bytes) => {
      said += bytes.toString();
      if (until.test(said)) resolve();
    });
    socket.write(text);
  });
  return {
    said,
    end: async () => {
      socket.destroy();
      await closed;
    },
  };
}

async function requestText(key: string, announcedBytes: number, secret = 'good'): Promise<string> {
  const { headers, target } = await server.raw.prepare({
    method: 'PUT',
    path: `/${Bucket}/${key}`,
    declared: 'UNSIGNED-PAYLOAD',
    headers: { 'content-length': String(announcedBytes) },
  });
  if (secret !== 'good') headers['authorization'] = headers['authorization']?.replace(/.$/, '#') ?? '';
  const fields = Object.entries({ ...headers, expect: '100-continue' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `PUT ${target} HTTP/1.1\r\n${fields.join('')}\r\n`;
}

describe('clients that wait or leave', () => {
  test('100 Continue is sent to a good request and not to a refused one', async () => {
    const good = await converse(await requestText('waits', 5), /\r\n\r\n/);
    expect(good.said).toMatch(/^HTTP\/1\.1 100 Continue/);
    await good.end();
    const refused = await converse(await requestText('waits', 5, 'bad'), /<\/Error>/);
    expect(refused.said).toMatch(/^HTTP\/1\.1 403/);
    await refused.end();
  });

  test('a connection whose body was refused early goes on with the next request', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const body = Buffer.alloc(8_000_000, 'no chunk header');
    const put = await server.raw.prepare({
      method: 'PUT',
      path: `/${Bucket}/early`,
      declared: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      headers: { 'content-length': String(body.length), 'x-amz-decoded-content-length': '100000' },
    });
    const refused = await server.raw.sendPrepared('PUT', put.target, put.headers, body, agent);
    expect([refused.status, refused.code]).toEqual([400, 'InvalidRequest']);
    const get = await server.raw.prepare({ method: 'GET', path: `/${Bucket}/signed` });
    const next = await server.raw.sendPrepared('GET', get.target, get.headers, undefined, agent);
    expect(next.status).toBe(200);
    agent.destroy();
  });

  test('a client that goes away in the middle of its body leaves no object', async () => {
    const connection = await converse(await requestText('half', 1_000_000), /100 Continue\r\n\r\n/);
    const before = errorsOfPut();
    await connection.end();
    // The server has noticed when it has counted the request.
    while (errorsOfPut() === before) await new Promise((resolve) => setImmediate(resolve));
    expect((await server.raw.send({ method: 'HEAD', path: `/${Bucket}/half` })).status).toBe(404);
  });

  function errorsOfPut(): number {
    return server.emulator.requestCounts().find(({ operation }) => operation === 'PutObject')?.errors ?? 0;
  }
});
