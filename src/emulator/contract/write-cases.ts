import { PutObjectCommand } from '@aws-sdk/client-s3';
import { refusalOf, type ContractCase } from './contract-case.js';

/** Conditional writes. */
export const WRITE_CONDITION_CASES: readonly ContractCase[] = [
  {
    id: 'condition/put-if-absent',
    says: 'PUT with If-None-Match: * creates and never replaces',
    run: async ({ s3, bucket, text }) => {
      const put = async (Body: string): Promise<unknown> =>
        await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body, IfNoneMatch: '*' }));
      await put('first');
      expect(await refusalOf(put('second'))).toEqual({ status: 412, code: 'PreconditionFailed' });
      expect(await text('k')).toBe('first');
    },
  },
  {
    id: 'condition/put-if-absent-race',
    says: 'of ten creators of one key at once, one wins',
    run: async ({ s3, bucket }) => {
      const attempts = Array.from({ length: 10 }, async (_, writer) => {
        const input = { Bucket: bucket, Key: 'k', Body: `writer ${writer}`, IfNoneMatch: '*' };
        return await s3.send(new PutObjectCommand(input));
      });
      const results = await Promise.allSettled(attempts);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    },
  },
  {
    id: 'condition/put-if-match',
    says: 'PUT with If-Match replaces that ETag only',
    rgw: 'RGW 16.2 compares the header with the ETag without quotes, so a quoted one never matches',
    run: async ({ s3, bucket, put, text }) => {
      const etag = await put('k', 'first');
      const replace = async (IfMatch: string, Body: string): Promise<unknown> =>
        await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body, IfMatch }));
      await replace(etag, 'second');
      expect(await refusalOf(replace(etag, 'third'))).toEqual({ status: 412, code: 'PreconditionFailed' });
      expect(await text('k')).toBe('second');
    },
  },
  {
    id: 'condition/put-if-match-bare',
    says: 'If-Match of PUT may come without its quotes',
    run: async ({ s3, bucket, put, text }) => {
      const etag = (await put('k', 'first')).replaceAll('"', '');
      const replace = async (IfMatch: string, Body: string): Promise<unknown> =>
        await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body, IfMatch }));
      await replace(etag, 'second');
      expect(await refusalOf(replace(etag, 'third'))).toEqual({ status: 412, code: 'PreconditionFailed' });
      expect(await text('k')).toBe('second');
    },
  },
  {
    id: 'condition/put-if-match-missing',
    says: 'PUT with If-Match on a missing key is 404',
    rgw: 'RGW 16.2 answers 412',
    run: async ({ s3, bucket }) => {
      const input = { Bucket: bucket, Key: 'no', Body: 'x', IfMatch: '"0123456789abcdef0123456789abcdef"' };
      expect(await refusalOf(s3.send(new PutObjectCommand(input)))).toEqual({
        status: 404,
        code: 'NoSuchKey',
      });
    },
  },
];
