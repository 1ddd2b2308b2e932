import { getMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin, type BucketAdmin } from './admin.js';
import { createStore } from './client.js';
import { resolveCredentials } from './credentials.js';
import type { ObjectStore } from './store.js';
import { failureOf } from '../errors/testing/failure-of.js';

describe.each(['sdk', 'lean'] as const)('over the %s client', (client) => {
  let emulator: Emulator;
  let admin: BucketAdmin;
  let store: ObjectStore;

  function connect(overrides: { endpoint?: string; region?: string; secretAccessKey?: string } = {}) {
    const { accessKeyId, secretAccessKey } = emulator.credentials;
    return {
      endpoint: overrides.endpoint ?? emulator.endpoint,
      region: overrides.region ?? emulator.region,
      credentials: { accessKeyId, secretAccessKey: overrides.secretAccessKey ?? secretAccessKey },
      forcePathStyle: true,
      client,
    };
  }

  beforeAll(async () => {
    emulator = await startEmulator();
    admin = createBucketAdmin(connect());
    await admin.create('contract');
    store = createStore(connect(), 'contract');
  });

  afterAll(async () => {
    store.close();
    admin.close();
    await emulator.close();
  });

  describe('one signal for many requests', () => {
    // Jest's sandbox hears no warnings of Node, so its bound is read.
    test('a job of forty requests at a time makes Node warn of no leak', async () => {
      const { signal } = new AbortController();
      await store.put('shared', Buffer.from('x'));
      await Promise.all(Array.from({ length: 40 }, () => store.head('shared', { signal })));
      expect(getMaxListeners(signal)).toBe(Infinity);
    });
  });

  test('every write says by when it was made, on the clock of the server, and a HEAD when it was answered', async () => {
    const created = await store.put('dated', Buffer.from('x'));
    const copied = await store.copy('dated', 'dated-copy');
    const uploadId = await store.createUpload('dated-parts');
    const part = await store.uploadPart('dated-parts', uploadId, 1, Buffer.from('x'));
    const completed = await store.completeUpload('dated-parts', uploadId, [part]);
    const { objects } = await store.list({ prefix: 'dated' });
    const modifiedMs = objects.map(({ lastModifiedMs }) => lastModifiedMs);
    const boundsMs = [created, copied, completed].map(({ modifiedByMs }) => modifiedByMs ?? 0);
    for (const [index, boundMs] of boundsMs.entries()) {
      expect(boundMs).toBeGreaterThanOrEqual(modifiedMs[index] ?? Infinity);
      expect(boundMs - (modifiedMs[index] ?? 0)).toBeLessThan(2000);
    }
    // A copy says it to the millisecond, and 999 more only where that is a whole second.
    expect([0, 999]).toContain((boundsMs[1] ?? 0) - (modifiedMs[1] ?? 0));
    const head = await store.head('dated');
    expect(head.repliedAtMs).toBeGreaterThanOrEqual(head.lastModifiedMs);
  });

  async function read(key: string, options?: Parameters<ObjectStore['get']>[1]): Promise<string> {
    const { body } = await store.get(key, options);
    return Buffer.concat(await body.toArray()).toString();
  }

  describe('objects', () => {
    test.each([
      'plain',
      'folder/file.txt',
      'double//slash',
      '/leading',
      'trailing/',
      'a/../b',
      './dot',
      'blank and+plus',
      '%41%2F',
      'q?x=1&y=2#z',
      '<&>"\'',
      '\u00fcber/\u65e5\u672c\u8a9e/\ud83d\ude00',
      "star*(paren)!~'",
      'tab\tand\u0001control',
      'x'.repeat(1024),
    ])('the key %j is put, read, described, listed, copied and deleted', async (key) => {
      const { etag } = await store.put(key, Buffer.from('hello'));
      expect(etag).toBe('"5d41402abc4b2a76b9719d911017c592"');
      expect(await read(key)).toBe('hello');
      expect(await store.head(key)).toMatchObject({ key, sizeBytes: 5, etag });
      const { objects } = await store.list({ prefix: key });
      expect(objects.map((entry) => entry.key)).toEqual([key]);
      await store.copy(key, 'copied');
      expect(await read('copied')).toBe('hello');
      expect(await store.deleteMany([key, 'copied'])).toEqual([]);
      expect((await failureOf(store.head(key))).kind).toBe('missing');
    });

    test.each([
      'plain',
      '',
      ' outer blanks ',
      '\u00fcber',
      '\u65e5\u672c\u8a9e \ud83d\ude00',
      '=?UTF-8?B?aGVsbG8=?=',
      'line\nbreak',
      '100644 1700000000.123456789',
    ])('the metadata value %j survives', async (value) => {
      await store.put('meta', Buffer.from(''), { metadata: { note: value, mode: '33188' } });
      expect((await store.head('meta')).metadata).toEqual({ note: value, mode: '33188' });
    });

    test('tags and encryption are told; a copy takes the tags along, and the encryption where it is asked to', async () => {
      const encryption = { algorithm: 'aws:kms', kmsKeyId: 'arn:aws:kms:us-east-1:1:key/k', bucketKey: true };
      const tags = { 'a b': 'c+d=e', empty: '' };
      await store.put('kept', Buffer.from('x'), { encryption, tags });
      expect(await store.head('kept')).toMatchObject({ encryption, tagCount: 2 });
      expect(await store.tags('kept')).toEqual(tags);
      await store.copy('kept', 'same', { storage: { encryption, storageClass: 'STANDARD_IA' } });
      expect(await store.head('same')).toMatchObject({
        encryption,
        tagCount: 2,
        storageClass: 'STANDARD_IA',
      });
      await store.copy('kept', 'plain');
      expect(await store.head('plain')).toMatchObject({ encryption: { algorithm: 'AES256' }, tagCount: 2 });
      await store.put('untagged', Buffer.from('x'));
      expect(await store.head('untagged')).not.toHaveProperty('tagCount');
      expect(await store.tags('untagged')).toEqual({});
    });

    test('content headers, storage class and tags are kept, and a copy can replace them', async () => {
      const headers = {
        contentType: 'text/x-test',
        contentEncoding: 'x-none',
        contentDisposition: 'inline',
        contentLanguage: 'de',
        cacheControl: 'no-store',
        expires: 'Thu, 01 Dec 2044 16:00:00 GMT',
      };
      await store.put('described', Buffer.from('x'), {
        headers,
        storageClass: 'STANDARD_IA',
        tags: { 'a b': 'c+d=e' },
      });
      expect(await store.head('described')).toMatchObject({ headers, storageClass: 'STANDARD_IA' });
      await store.copy('described', 'described', {
        replace: { metadata: { new: '1' }, headers: { contentType: 'a/b' } },
      });
      const head = await store.head('described');
      expect([head.metadata, head.headers, head.storageClass]).toEqual([
        { new: '1' },
        { contentType: 'a/b' },
        'STANDARD',
      ]);
    });

    test('ranges tell what they bring, and a range beyond the end is bad', async () => {
      await store.put('range', Buffer.from('0123456789'));
      const { head, range, body } = await store.get('range', { range: { firstByte: 3, lastByte: 99 } });
      expect([head.sizeBytes, range, Buffer.concat(await body.toArray()).toString()]).toEqual([
        10,
        { firstByte: 3, lastByte: 9 },
        '3456789',
      ]);
      expect((await failureOf(store.get('range', { range: { firstByte: 10, lastByte: 20 } }))).kind).toBe(
        'bad-range',
      );
    });

    test('conditions are refused as precondition-failed', async () => {
      const { etag } = await store.put('condition', Buffer.from('1'));
      const body = Buffer.from('2');
      const failures = [
        await failureOf(store.put('condition', body, { ifAbsent: true })),
        await failureOf(store.put('condition', body, { ifMatch: '"0"' })),
        await failureOf(store.get('condition', { ifMatch: '"0"' })),
        await failureOf(store.head('condition', { ifNoneMatch: etag })),
        await failureOf(store.copy('condition', 'other', { sourceIfMatch: '"0"' })),
      ];
      expect(failures.map(({ kind }) => kind)).toEqual(Array(5).fill('precondition-failed'));
      await store.put('condition', body, { ifMatch: etag });
      expect(await read('condition')).toBe('2');
    });

    test('a stream of known length is stored whole', async () => {
      await store.put('stream', Readable.from([Buffer.from('one '), Buffer.from('two')]), { sizeBytes: 7 });
      expect(await read('stream')).toBe('one two');
      expect((await failureOf(store.put('stream', Readable.from(['x'])))).kind).toBe('invalid-argument');
    });

    test('a listing is paged, delimited and started after a key', async () => {
      for (const name of ['a/1', 'a/2', 'b', 'c']) await store.put(`list/${name}`, Buffer.from('x'));
      const first = await store.list({ prefix: 'list/', delimiter: '/', maxKeys: 2 });
      expect([first.commonPrefixes, first.objects.map(({ key }) => key)]).toEqual([['list/a/'], ['list/b']]);
      const { continuationToken = '' } = first;
      const second = await store.list({ prefix: 'list/', delimiter: '/', maxKeys: 2, continuationToken });
      expect([second.objects.map(({ key }) => key), second.continuationToken]).toEqual([
        ['list/c'],
        undefined,
      ]);
      const after = await store.list({ prefix: 'list/', startAfter: 'list/a/2' });
      expect(after.objects.map(({ key }) => key)).toEqual(['list/b', 'list/c']);
    });
  });

  describe('multipart uploads', () => {
    test('parts are sent, copied and completed to one object', async () => {
      const big = Buffer.alloc(5 * 2 ** 20, 'a');
      await store.put('source', big);
      const uploadId = await store.createUpload('multi', { metadata: { kind: 'multi' } });
      const sent = await store.uploadPart('multi', uploadId, 1, big);
      const copied = await store.copyPart('multi', uploadId, 2, {
        sourceKey: 'source',
        range: { firstByte: 0, lastByte: 9 },
      });
      expect((await store.listUploads('multi')).map((upload) => upload.uploadId)).toEqual([uploadId]);
      const { etag } = await store.completeUpload('multi', uploadId, [sent, copied]);
      expect(etag).toMatch(/-2"$/);
      expect(await store.head('multi')).toMatchObject({
        sizeBytes: big.length + 10,
        metadata: { kind: 'multi' },
      });
      expect(await store.listUploads('multi')).toEqual([]);
    });

    test('an aborted upload is gone, and its parts are refused', async () => {
      const uploadId = await store.createUpload('aborted');
      await store.abortUpload('aborted', uploadId);
      const part = store.uploadPart('aborted', uploadId, 1, Buffer.from('x'));
      expect((await failureOf(part)).kind).toBe('missing-upload');
    });
  });

  describe('what a user gets wrong', () => {
    test.each([
      ['a bucket that is not there', {}, 'nowhere', 'missing-bucket', /nowhere/],
      [
        'a wrong secret key',
        { secretAccessKey: 'wrong' },
        'contract',
        'bad-signature',
        /AWS_SECRET_ACCESS_KEY/,
      ],
      ['a wrong region', { region: 'eu-north-1' }, 'contract', 'bad-signature', /--region us-east-1/],
      ['a closed port', { endpoint: 'http://127.0.0.1:9' }, 'contract', 'unreachable', /127\.0\.0\.1:9/],
    ])('%s is told with what to do', async (_what, overrides, bucket, kind, remedy) => {
      const wrong = createStore(connect(overrides), bucket);
      const failure = await failureOf(wrong.list());
      wrong.close();
      expect([failure.kind, failure.remedy]).toEqual([kind, expect.stringMatching(remedy)]);
    });

    test('no credentials at all is told within three seconds', async () => {
      const saved = { ...process.env };
      const others = Object.entries(saved).filter(([name]) => !name.startsWith('AWS_'));
      process.env = { ...Object.fromEntries(others), HOME: '/nonexistent' };
      try {
        const connection = { endpoint: emulator.endpoint, region: 'us-east-1', forcePathStyle: true, client };
        const startMs = Date.now();
        expect(await resolveCredentials(connection)).toBeUndefined();
        expect(Date.now() - startMs).toBeLessThan(3_000);
        const bare = createStore(connection, 'contract');
        const failure = await failureOf(bare.list());
        bare.close();
        expect([failure.kind, failure.remedy]).toEqual([
          'no-credentials',
          expect.stringMatching(/AWS_ACCESS_KEY_ID/),
        ]);
      } finally {
        process.env = saved;
      }
    });

    test('credentials come from the environment', async () => {
      process.env['AWS_ACCESS_KEY_ID'] = 'AKIDENV';
      process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
      try {
        const found = await resolveCredentials({ region: 'us-east-1', forcePathStyle: false });
        expect(found).toEqual({ accessKeyId: 'AKIDENV', secretAccessKey: 'secret' });
      } finally {
        delete process.env['AWS_ACCESS_KEY_ID'];
        delete process.env['AWS_SECRET_ACCESS_KEY'];
      }
    });
  });
});
