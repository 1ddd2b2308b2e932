import { createHash } from 'node:crypto';
import { GetObjectCommand, HeadObjectCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import { refusalOf, type ContractCase } from './contract-case.js';
import { signedChunks } from './signed-chunks.js';

/** Who may ask, and proofs of it. */
export const AUTH_CASES: readonly ContractCase[] = [
  {
    id: 'auth/wrong-secret',
    says: 'a signature by another secret is SignatureDoesNotMatch',
    run: async ({ client, credentials }) => {
      const other = client({ credentials: { ...credentials, secretAccessKey: 'not the secret' } });
      const refusal = await refusalOf(other.send(new ListBucketsCommand({})));
      expect(refusal).toEqual({ status: 403, code: 'SignatureDoesNotMatch' });
    },
  },
  {
    id: 'auth/unknown-key',
    says: 'an unknown access key is InvalidAccessKeyId',
    run: async ({ client, credentials }) => {
      const other = client({ credentials: { ...credentials, accessKeyId: 'AKIANOBODYKNOWSTHIS0' } });
      const refusal = await refusalOf(other.send(new ListBucketsCommand({})));
      expect(refusal).toEqual({ status: 403, code: 'InvalidAccessKeyId' });
    },
  },
  {
    id: 'auth/anonymous',
    says: 'an unsigned request for a private object is AccessDenied',
    run: async ({ bucket, put, http }) => {
      await put('k');
      const reply = await http({ path: `/${bucket}/k`, sign: 'none' });
      expect([reply.status, reply.code]).toEqual([403, 'AccessDenied']);
    },
  },
  {
    id: 'auth/skew',
    says: 'a signature of twenty minutes ago is RequestTimeTooSkewed',
    run: async ({ bucket, http }) => {
      const reply = await http({ path: `/${bucket}`, signedAt: new Date(Date.now() - 20 * 60_000) });
      expect([reply.status, reply.code]).toEqual([403, 'RequestTimeTooSkewed']);
    },
  },
  {
    id: 'auth/changed-header',
    says: 'a signed header that is changed on the way is SignatureDoesNotMatch',
    run: async ({ bucket, http }) => {
      const reply = await http({
        ...{ method: 'PUT', path: `/${bucket}/k`, body: 'x', headers: { 'x-amz-meta-a': '1' } },
        tamper: (headers) => {
          headers['x-amz-meta-a'] = '2';
        },
      });
      expect([reply.status, reply.code]).toEqual([403, 'SignatureDoesNotMatch']);
    },
  },
  {
    id: 'auth/changed-body',
    says: 'a body that does not fit the signed SHA-256 is refused and not kept',
    run: async ({ s3, bucket, http }) => {
      const headers = { 'x-amz-content-sha256': createHash('sha256').update('other').digest('hex') };
      const reply = await http({ method: 'PUT', path: `/${bucket}/k`, body: 'x', headers });
      expect([reply.status, reply.code]).toEqual([400, 'XAmzContentSHA256Mismatch']);
      const refusal = await refusalOf(s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'k' })));
      expect(refusal.status).toBe(404);
    },
  },
  {
    id: 'auth/unsigned-payload',
    says: 'a body may be sent as UNSIGNED-PAYLOAD',
    run: async ({ bucket, http, text }) => {
      const headers = { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
      const reply = await http({ method: 'PUT', path: `/${bucket}/k`, body: 'not signed', headers });
      expect(reply.status).toBe(200);
      expect(await text('k')).toBe('not signed');
    },
  },
  {
    id: 'auth/presigned-get',
    says: 'a presigned URL reads without credentials',
    run: async ({ bucket, put, http }) => {
      await put('a b', 'presigned');
      const reply = await http({ path: `/${bucket}/a%20b`, sign: 'query' });
      expect([reply.status, reply.body.toString()]).toEqual([200, 'presigned']);
    },
  },
  {
    id: 'auth/presigned-put',
    says: 'a presigned URL writes without credentials',
    run: async ({ bucket, http, text }) => {
      const reply = await http({ method: 'PUT', path: `/${bucket}/k`, body: 'written', sign: 'query' });
      expect(reply.status).toBe(200);
      expect(await text('k')).toBe('written');
    },
  },
  {
    id: 'auth/presigned-expired',
    says: 'an expired presigned URL is AccessDenied',
    run: async ({ bucket, put, http }) => {
      await put('k');
      const signedAt = new Date(Date.now() - 120_000);
      const reply = await http({ path: `/${bucket}/k`, sign: 'query', signedAt, expiresInS: 60 });
      expect([reply.status, reply.code]).toEqual([403, 'AccessDenied']);
    },
  },
  {
    id: 'auth/presigned-other-method',
    says: 'a URL that was signed for GET does not delete',
    run: async ({ bucket, put, http, text }) => {
      await put('k', 'kept');
      const reply = await http({
        method: 'DELETE',
        signedMethod: 'GET',
        path: `/${bucket}/k`,
        sign: 'query',
      });
      expect([reply.status, reply.code]).toEqual([403, 'SignatureDoesNotMatch']);
      expect(await text('k')).toBe('kept');
    },
  },
  {
    id: 'auth/signed-chunks',
    says: 'a body in signed chunks is put together without its framing',
    run: async ({ endpoint, credentials, region, bucket, text }) => {
      const chunks = ['a'.repeat(8192), 'b'.repeat(8192), 'tail'];
      const status = await signedChunks({ endpoint, credentials, region, path: `/${bucket}/k`, chunks });
      expect(status).toBe(200);
      expect(await text('k')).toBe(chunks.join(''));
    },
  },
  {
    id: 'auth/signed-chunk-changed',
    says: 'a chunk that does not fit its signature is refused and nothing is kept',
    run: async ({ s3, endpoint, credentials, region, bucket }) => {
      const chunks = ['a'.repeat(8192), 'tail'];
      const send = { endpoint, credentials, region, path: `/${bucket}/k`, chunks };
      const status = await signedChunks({ ...send, tamper: (body) => body.replace('tail', 'fake') });
      expect([400, 403]).toContain(status);
      const refusal = await refusalOf(s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' })));
      expect(refusal.status).toBe(404);
    },
  },
];
