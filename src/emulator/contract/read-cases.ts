import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { refusalOf, type ContractCase, type ContractContext } from './contract-case.js';
import type { RawReply } from './raw-request.js';

const TEN = '0123456789';

async function range(context: ContractContext, value: string, size?: number): Promise<RawReply> {
  await context.put('k', size === 0 ? '' : TEN);
  return await context.http({ path: `/${context.bucket}/k`, headers: { range: value } });
}

function rangeCase(
  id: string,
  says: string,
  value: string,
  body: string,
  contentRange: string,
): ContractCase {
  return {
    id: `range/${id}`,
    says,
    run: async (context) => {
      const reply = await range(context, value);
      expect(reply.status).toBe(206);
      expect(reply.body.toString()).toBe(body);
      expect(reply.headers).toMatchObject({
        'content-range': contentRange,
        'content-length': String(body.length),
      });
    },
  };
}

/** Range in all forms (RFC 9110 section 14). */
export const RANGE_CASES: readonly ContractCase[] = [
  rangeCase('inner', 'a range gives its bytes, both ends included', 'bytes=2-4', '234', 'bytes 2-4/10'),
  rangeCase('first-byte', 'the first byte alone', 'bytes=0-0', '0', 'bytes 0-0/10'),
  rangeCase('open', 'an open range runs to the end', 'bytes=7-', '789', 'bytes 7-9/10'),
  rangeCase('suffix', 'a suffix range counts from the end', 'bytes=-3', '789', 'bytes 7-9/10'),
  rangeCase(
    'suffix-too-long',
    'a suffix longer than the object is all of it',
    'bytes=-99',
    TEN,
    'bytes 0-9/10',
  ),
  rangeCase('past-end', 'an end past the object is cut', 'bytes=8-99', '89', 'bytes 8-9/10'),
  {
    id: 'range/start-at-end',
    says: 'a range that begins at the end is 416 InvalidRange',
    run: async (context) => {
      const reply = await range(context, 'bytes=10-');
      expect([reply.status, reply.code]).toEqual([416, 'InvalidRange']);
    },
  },
  {
    id: 'range/suffix-zero',
    says: 'a suffix of no bytes is 416',
    rgw: 'RGW 16.2 answers with the whole object',
    run: async (context) => {
      expect((await range(context, 'bytes=-0')).status).toBe(416);
    },
  },
  {
    id: 'range/of-empty',
    says: 'any range of an empty object is 416',
    run: async (context) => {
      expect((await range(context, 'bytes=0-0', 0)).status).toBe(416);
    },
  },
  {
    id: 'range/malformed',
    says: 'a malformed range is ignored',
    run: async (context) => {
      const reply = await range(context, 'bytes=5-2');
      expect([reply.status, reply.body.toString()]).toEqual([200, TEN]);
    },
    rgw: 'RGW 16.2 answers a range whose end is before its start with 416',
  },
  {
    id: 'range/several',
    says: 'several ranges at once are ignored: S3 sends one range or the whole',
    run: async (context) => {
      const reply = await range(context, 'bytes=0-1,4-5');
      expect([reply.status, reply.body.toString()]).toEqual([200, TEN]);
      expect(reply.headers['content-range']).toBeUndefined();
    },
    rgw: 'RGW 16.2 answers several ranges with 206',
  },
  {
    id: 'range/if-range',
    says: 'If-Range of the ETag or the date of the object leaves the range, of another one the whole is sent',
    rgw: 'RGW 16.2 knows no If-Range',
    run: async ({ bucket, put, http }) => {
      const etag = await put('k', TEN);
      const path = `/${bucket}/k`;
      const date = (await http({ path })).headers['last-modified'] ?? '';
      const past = new Date(0).toUTCString();
      for (const [value, status] of [
        [etag, 206],
        [date, 206],
        ['"other"', 200],
        [`W/${etag}`, 200],
        [past, 200],
        ['no date', 200],
      ] as const) {
        const headers = { range: 'bytes=2-4', 'if-range': value };
        const reply = await http({ path, headers });
        expect([value, reply.status]).toEqual([value, status]);
        expect(reply.body.toString()).toBe(status === 206 ? '234' : TEN);
      }
      const behind = { range: 'bytes=10-', 'if-range': '"other"' };
      expect((await http({ path, headers: behind })).status).toBe(200);
    },
  },
  {
    id: 'range/head',
    says: 'HEAD with a range answers 206 with the length of the range',
    run: async ({ s3, bucket, put }) => {
      await put('k', TEN);
      const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'k', Range: 'bytes=2-4' }));
      expect(head).toMatchObject({ ContentLength: 3, ContentRange: 'bytes 2-4/10' });
    },
  },
];

/** If-Match and its kin on reads (RFC 9110 section 13). */
export const READ_CONDITION_CASES: readonly ContractCase[] = [
  {
    id: 'condition/get-if-match',
    says: 'GET with If-Match reads that ETag and refuses another with 412',
    run: async ({ s3, bucket, put }) => {
      const IfMatch = await put('k');
      const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k', IfMatch }));
      expect(await got.Body?.transformToString()).toBe('k');
      await put('k', 'other');
      const refusal = await refusalOf(s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k', IfMatch })));
      expect(refusal).toEqual({ status: 412, code: 'PreconditionFailed' });
    },
  },
  {
    id: 'condition/get-if-none-match',
    says: 'GET with If-None-Match of the same ETag is a bare 304',
    run: async ({ bucket, put, http }) => {
      const etag = await put('k');
      const reply = await http({ path: `/${bucket}/k`, headers: { 'if-none-match': etag } });
      expect([reply.status, reply.body.length]).toEqual([304, 0]);
      const other = await http({ path: `/${bucket}/k`, headers: { 'if-none-match': '"no"' } });
      expect(other.status).toBe(200);
    },
  },
  {
    id: 'condition/not-modified-etag',
    says: 'a 304 carries the ETag',
    rgw: 'RGW 16.2 sends 304 without it',
    run: async ({ bucket, put, http }) => {
      const etag = await put('k');
      const reply = await http({ path: `/${bucket}/k`, headers: { 'if-none-match': etag } });
      expect(reply.headers['etag']).toBe(etag);
    },
  },
  {
    id: 'condition/modified-since',
    says: 'If-Modified-Since and If-Unmodified-Since compare with the time of the object',
    run: async ({ bucket, put, http }) => {
      await put('k');
      const path = `/${bucket}/k`;
      const past = new Date(Date.now() - 3_600_000).toUTCString();
      const now = new Date(Date.now() + 1000).toUTCString();
      const status = async (headers: Record<string, string>): Promise<number> =>
        (await http({ path, headers })).status;
      expect(await status({ 'if-modified-since': past })).toBe(200);
      expect(await status({ 'if-modified-since': now })).toBe(304);
      expect(await status({ 'if-unmodified-since': past })).toBe(412);
      expect(await status({ 'if-unmodified-since': now })).toBe(200);
    },
  },
  {
    id: 'condition/if-match-wins',
    says: 'a true If-Match overrules a false If-Unmodified-Since',
    run: async ({ bucket, put, http }) => {
      const etag = await put('k');
      const past = new Date(Date.now() - 3_600_000).toUTCString();
      const headers = { 'if-match': etag, 'if-unmodified-since': past };
      expect((await http({ path: `/${bucket}/k`, headers })).status).toBe(200);
    },
  },
  {
    id: 'condition/head',
    says: 'HEAD obeys If-Match and If-None-Match',
    run: async ({ bucket, put, http }) => {
      const etag = await put('k');
      const path = `/${bucket}/k`;
      const head = async (headers: Record<string, string>): Promise<number> =>
        (await http({ method: 'HEAD', path, headers })).status;
      expect(await head({ 'if-match': '"no"' })).toBe(412);
      expect(await head({ 'if-none-match': etag })).toBe(304);
      expect(await head({ 'if-match': etag })).toBe(200);
    },
  },
];
