import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { RawReply } from '../testing/raw-client.js';
import { startTestServer, type TestServer } from '../testing/test-server.js';

const Bucket = 'reads';
const Key = 'ten';
const ETAG = '"781e5e245d69b566979b86e28d23f2c7"';
const STARTED_MS = Date.now();
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  await server.client.send(new CreateBucketCommand({ Bucket }));
  await server.client.send(new PutObjectCommand({ Bucket, Key, Body: '0123456789' }));
  await server.client.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: new Uint8Array(0) }));
});

afterAll(async () => {
  expect(server.internalErrors).toEqual([]);
  await server.close();
});

function get(key: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<RawReply> {
  return server.raw.send({ method, path: `/${Bucket}/${key}`, headers });
}

async function put(
  key: string,
  headers: Readonly<Record<string, string>> = {},
  body = 'x',
): Promise<RawReply> {
  return await server.raw.send({ method: 'PUT', path: `/${Bucket}/${key}`, headers, body });
}

describe('ranges', () => {
  test.each([
    ['bytes=0-0', 206, '0', 'bytes 0-0/10'],
    ['bytes=3-5', 206, '345', 'bytes 3-5/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-100', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=8-100', 206, '89', 'bytes 8-9/10'],
    ['bytes=0-1,4-5', 200, '0123456789', undefined],
    ['bytes=5-3', 200, '0123456789', undefined],
    ['bytes=-', 200, '0123456789', undefined],
    ['bytes=a-b', 200, '0123456789', undefined],
    ['lines=1-2', 200, '0123456789', undefined],
  ])('"%s" answers %i', async (range, status, text, contentRange) => {
    const reply = await get(Key, { range });
    expect([reply.status, reply.text, reply.headers['content-range']]).toEqual([status, text, contentRange]);
    const head = await get(Key, { range }, 'HEAD');
    expect([head.status, head.headers['content-length']]).toEqual([status, String(text.length)]);
  });

  test.each([
    [Key, 'bytes=10-', 10],
    [Key, 'bytes=10-20', 10],
    [Key, 'bytes=-0', 10],
    ['empty', 'bytes=0-', 0],
    ['empty', 'bytes=-5', 0],
  ])('no byte of %s is in "%s"', async (key, range, sizeBytes) => {
    const reply = await get(key, { range });
    expect([reply.status, reply.code]).toEqual([416, 'InvalidRange']);
    expect(reply.headers['content-range']).toBe(`bytes */${sizeBytes}`);
  });
});

describe('conditions on reads, in the order of RFC 9110', () => {
  beforeAll(async () => {
    await put('dated', {}, '0123456789');
  });

  const later = (): string => new Date(STARTED_MS + 600_000).toUTCString();
  const earlier = (): string => new Date(STARTED_MS - 60_000).toUTCString();

  test.each([
    ['if-match holds', () => ({ 'if-match': ETAG }), 200],
    ['if-match without quotes', () => ({ 'if-match': ETAG.slice(1, -1) }), 200],
    ['if-match any', () => ({ 'if-match': '*' }), 200],
    ['if-match in a list', () => ({ 'if-match': `"a", ${ETAG}` }), 200],
    ['if-match fails', () => ({ 'if-match': '"a"' }), 412],
    ['if-none-match fails', () => ({ 'if-none-match': ETAG }), 304],
    ['if-none-match holds', () => ({ 'if-none-match': '"a"' }), 200],
    ['if-unmodified-since fails', () => ({ 'if-unmodified-since': earlier() }), 412],
    ['if-modified-since fails', () => ({ 'if-modified-since': later() }), 304],
    ['if-match wins over the date', () => ({ 'if-match': ETAG, 'if-unmodified-since': earlier() }), 200],
    [
      'if-none-match wins over the date',
      () => ({ 'if-none-match': '"a"', 'if-modified-since': later() }),
      200,
    ],
    [
      'if-none-match fails though the date holds',
      () => ({ 'if-none-match': ETAG, 'if-modified-since': earlier() }),
      304,
    ],
    ['if-match fails before if-none-match', () => ({ 'if-match': '"a"', 'if-none-match': ETAG }), 412],
    ['a date that can not be read', () => ({ 'if-unmodified-since': 'yesterday' }), 200],
  ])('%s', async (_, headers, status) => {
    const reply = await get('dated', headers());
    expect(reply.status).toBe(status);
    if (status === 304) expect([reply.text, reply.headers.etag]).toEqual(['', ETAG]);
    expect((await get('dated', headers(), 'HEAD')).status).toBe(status);
  });
});
