import { createHash } from 'node:crypto';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { refusalOf, type ContractCase } from './contract-case.js';

const md5 = (body: string): string => createHash('md5').update(body).digest('hex');

/** Put, get, head, delete, and what is kept with an object. */
export const OBJECT_CASES: readonly ContractCase[] = [
  {
    id: 'object/round-trip',
    says: 'an object comes back with its bytes, size, type, time and the MD5 as its ETag',
    run: async ({ s3, bucket, put }) => {
      expect(await put('k', 'hello')).toBe(`"${md5('hello')}"`);
      const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' }));
      expect(await got.Body?.transformToString()).toBe('hello');
      expect(got).toMatchObject({ ContentLength: 5, ETag: `"${md5('hello')}"`, AcceptRanges: 'bytes' });
      expect(Math.abs(Date.now() - (got.LastModified?.getTime() ?? 0))).toBeLessThan(60_000);
    },
  },
  {
    id: 'object/empty',
    says: 'an empty object is an object',
    run: async ({ s3, bucket, put, text }) => {
      await put('empty', '');
      expect(await text('empty')).toBe('');
      const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'empty' }));
      expect(head).toMatchObject({ ContentLength: 0, ETag: `"${md5('')}"` });
    },
  },
  {
    id: 'object/large-binary',
    says: 'three megabytes of every byte value come back the same',
    run: async ({ s3, bucket, put }) => {
      const bytes = Buffer.alloc(3_000_001, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
      await put('big', bytes);
      const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'big' }));
      expect(bytes.equals((await got.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
    },
  },
  {
    id: 'object/missing',
    says: 'GET of a missing key is NoSuchKey, HEAD of it a bare 404',
    run: async ({ s3, bucket, http }) => {
      const refusal = await refusalOf(s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'no' })));
      expect(refusal).toEqual({ status: 404, code: 'NoSuchKey' });
      const head = await http({ method: 'HEAD', path: `/${bucket}/no` });
      expect([head.status, head.body.length]).toEqual([404, 0]);
    },
  },
  {
    id: 'object/missing-bucket',
    says: 'any operation on a missing bucket is NoSuchBucket',
    run: async ({ s3, bucket }) => {
      const Bucket = `${bucket}-no`;
      const calls = [
        s3.send(new GetObjectCommand({ Bucket, Key: 'k' })),
        s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' })),
        s3.send(new DeleteObjectCommand({ Bucket, Key: 'k' })),
      ];
      for (const call of calls) expect(await refusalOf(call)).toEqual({ status: 404, code: 'NoSuchBucket' });
    },
  },
  {
    id: 'object/overwrite',
    says: 'a second put replaces bytes and description whole',
    run: async ({ s3, bucket, put, text }) => {
      await s3.send(
        new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'long text', Metadata: { a: '1' } }),
      );
      await put('k', 'new');
      expect(await text('k')).toBe('new');
      expect((await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'k' }))).Metadata).toEqual({});
    },
  },
  {
    id: 'object/strange-keys',
    says: 'keys with any characters of UTF-8 name different objects',
    run: async ({ put, text }) => {
      const keys = [
        'a b',
        'a+b',
        'a%20b',
        'a&b=c?d#e',
        '\u00e9',
        'e\u0301',
        '\u{1f600}/\u4e2d',
        'a//b',
        './a',
        'a"\'<>',
      ];
      for (const key of keys) await put(key, `content of ${key}`);
      for (const key of keys) expect(await text(key)).toBe(`content of ${key}`);
    },
  },
  {
    id: 'object/key-length',
    says: 'a key may have 1,024 bytes of UTF-8 and not one more',
    run: async ({ s3, bucket, put, text }) => {
      const longest = '\u00e9'.repeat(512);
      await put(longest, 'x');
      expect(await text(longest)).toBe('x');
      const refusal = await refusalOf(
        s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${longest}a`, Body: 'x' })),
      );
      expect(refusal).toEqual({ status: 400, code: 'KeyTooLongError' });
    },
    rgw: 'RGW 16.2 answers with another code (InvalidObjectName)',
  },
  {
    id: 'object/metadata',
    says: 'user metadata comes back with names in lower case',
    run: async ({ s3, bucket }) => {
      const Metadata = { mode: '33188', mtime: '1700000000.123456789', 'Mixed-Case': 'Value  x' };
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: '', Metadata }));
      const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'k' }));
      expect(head.Metadata).toMatchObject({ mode: '33188', mtime: '1700000000.123456789' });
      expect(Object.keys(head.Metadata ?? {}).sort()).toEqual(['mixed-case', 'mode', 'mtime']);
    },
  },
  {
    id: 'object/metadata-limit',
    says: 'user metadata over 2 KB in sum is refused',
    rgw: 'RGW has no such limit by default',
    run: async ({ s3, bucket }) => {
      const fits = { a: 'x'.repeat(2047) };
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: '', Metadata: fits }));
      const tooBig = { a: 'x'.repeat(1024), b: 'x'.repeat(1024) };
      const refusal = await refusalOf(
        s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: '', Metadata: tooBig })),
      );
      expect(refusal).toEqual({ status: 400, code: 'MetadataTooLarge' });
    },
  },
  {
    id: 'object/content-headers',
    says: 'content headers come back on GET and HEAD',
    run: async ({ s3, bucket }) => {
      const headers = {
        ContentType: 'text/csv; charset=utf-8',
        ContentEncoding: 'gzip',
        ContentDisposition: 'attachment; filename="a.csv"',
        ContentLanguage: 'de',
        CacheControl: 'max-age=60',
      };
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x', ...headers }));
      expect(await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'k' }))).toMatchObject(headers);
      const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' }));
      await got.Body?.transformToByteArray();
      expect(got).toMatchObject(headers);
    },
  },
  {
    id: 'object/default-type',
    says: 'without a type an object is binary/octet-stream',
    run: async ({ bucket, http }) => {
      await http({ method: 'PUT', path: `/${bucket}/k`, body: 'x' });
      const reply = await http({ path: `/${bucket}/k` });
      expect(reply.headers['content-type']).toBe('binary/octet-stream');
    },
  },
  {
    id: 'object/response-overrides',
    says: 'response-* parameters replace headers of a signed GET',
    run: async ({ s3, bucket, put }) => {
      await put('k');
      const got = await s3.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: 'k',
          ResponseContentType: 'text/x',
          ResponseCacheControl: 'no-store',
        }),
      );
      await got.Body?.transformToByteArray();
      expect(got).toMatchObject({ ContentType: 'text/x', CacheControl: 'no-store' });
    },
  },
  {
    id: 'object/delete',
    says: 'delete is 204, also for a key that is not there',
    run: async ({ bucket, put, http }) => {
      await put('k');
      for (let time = 0; time < 2; time += 1) {
        expect((await http({ method: 'DELETE', path: `/${bucket}/k` })).status).toBe(204);
      }
      expect((await http({ path: `/${bucket}/k` })).code).toBe('NoSuchKey');
    },
  },
  {
    id: 'object/delete-many',
    says: 'DeleteObjects removes the keys that are named, and names them',
    run: async ({ s3, bucket, put }) => {
      for (const key of ['a', 'b & c', 'kept']) await put(key);
      const Objects = [{ Key: 'a' }, { Key: 'b & c' }, { Key: 'never was' }];
      const reply = await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
      expect(reply.Deleted?.map(({ Key }) => Key).sort()).toEqual(['a', 'b & c', 'never was']);
      expect(reply.Errors).toBeUndefined();
      await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'kept' }));
    },
  },
  {
    id: 'object/delete-many-quiet',
    says: 'quiet DeleteObjects names errors only',
    run: async ({ s3, bucket, put }) => {
      await put('a');
      const Delete = { Objects: [{ Key: 'a' }], Quiet: true };
      const reply = await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete }));
      expect(reply.Deleted).toBeUndefined();
      expect((await refusalOf(s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'a' })))).status).toBe(
        404,
      );
    },
  },
  {
    id: 'object/content-md5',
    says: 'a body that does not fit its Content-MD5 is refused and not kept',
    run: async ({ s3, bucket }) => {
      const ContentMD5 = createHash('md5').update('other').digest('base64');
      const refusal = await refusalOf(
        s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'body', ContentMD5 })),
      );
      expect(refusal).toEqual({ status: 400, code: 'BadDigest' });
      expect((await refusalOf(s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'k' })))).status).toBe(
        404,
      );
    },
  },
  {
    id: 'object/invalid-md5',
    says: 'a Content-MD5 that is no MD5 is InvalidDigest',
    run: async ({ bucket, http }) => {
      const headers = { 'content-md5': 'bm90IGFuIG1kNQ==' };
      const reply = await http({ method: 'PUT', path: `/${bucket}/k`, body: 'x', headers });
      expect([reply.status, reply.code]).toEqual([400, 'InvalidDigest']);
    },
  },
];
