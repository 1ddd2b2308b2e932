import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { refusalOf, type ContractCase } from './contract-case.js';

/** CopyObject. */
export const COPY_CASES: readonly ContractCase[] = [
  {
    id: 'copy/all',
    says: 'a copy has the bytes, metadata, headers and tags of its source',
    run: async ({ s3, bucket, text }) => {
      const Key = 'a b/\u00e9 +%.txt';
      const given = { ContentType: 'text/x', CacheControl: 'no-cache', Metadata: { mode: '33188' } };
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'bytes', Tagging: 'a=1', ...given }));
      const CopySource = `${bucket}/${Key.split('/').map(encodeURIComponent).join('/')}`;
      await s3.send(new CopyObjectCommand({ Bucket: bucket, Key: 'copy', CopySource }));
      expect(await text('copy')).toBe('bytes');
      const head = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'copy' }));
      expect(head).toMatchObject(given);
      const tags = await s3.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: 'copy' }));
      expect(tags.TagSet).toEqual([{ Key: 'a', Value: '1' }]);
    },
  },
  {
    id: 'copy/etag',
    says: 'a copy answers with the ETag of the new object, quoted',
    rgw: 'RGW 16.2 answers without the quotes',
    run: async ({ s3, bucket, put }) => {
      const etag = await put('k');
      const input = { Bucket: bucket, Key: 'copy', CopySource: `${bucket}/k` };
      expect((await s3.send(new CopyObjectCommand(input))).CopyObjectResult?.ETag).toBe(etag);
    },
  },
  {
    id: 'copy/replace',
    says: 'metadata directive REPLACE takes the new description and drops the old, also onto itself',
    run: async ({ s3, bucket, text }) => {
      const at = { Bucket: bucket, Key: 'k' };
      await s3.send(
        new PutObjectCommand({ ...at, Body: 'bytes', CacheControl: 'no-cache', Metadata: { old: '1' } }),
      );
      const replaced = {
        MetadataDirective: 'REPLACE' as const,
        Metadata: { new: '2' },
        ContentType: 'text/new',
      };
      await s3.send(new CopyObjectCommand({ ...at, CopySource: `${bucket}/k`, ...replaced }));
      const head = await s3.send(new HeadObjectCommand(at));
      expect([head.Metadata, head.ContentType, head.CacheControl]).toEqual([
        { new: '2' },
        'text/new',
        undefined,
      ]);
      expect(await text('k')).toBe('bytes');
    },
  },
  {
    id: 'copy/self-without-change',
    says: 'a copy onto itself that changes nothing is InvalidRequest',
    run: async ({ s3, bucket, put }) => {
      await put('k');
      const input = { Bucket: bucket, Key: 'k', CopySource: `${bucket}/k` };
      expect(await refusalOf(s3.send(new CopyObjectCommand(input)))).toEqual({
        status: 400,
        code: 'InvalidRequest',
      });
    },
  },
  {
    id: 'copy/source-missing',
    says: 'a copy of a missing key is NoSuchKey',
    run: async ({ s3, bucket }) => {
      const input = { Bucket: bucket, Key: 'k', CopySource: `${bucket}/no` };
      expect(await refusalOf(s3.send(new CopyObjectCommand(input)))).toEqual({
        status: 404,
        code: 'NoSuchKey',
      });
    },
  },
  {
    id: 'copy/source-if-match',
    says: 'a copy with x-amz-copy-source-if-match copies that ETag only',
    rgw: 'RGW 16.2 ignores the conditions on a copy source',
    run: async ({ s3, bucket, put, text }) => {
      const CopySourceIfMatch = await put('k', 'first');
      const copy = { Bucket: bucket, Key: 'copy', CopySource: `${bucket}/k`, CopySourceIfMatch };
      await s3.send(new CopyObjectCommand(copy));
      await put('k', 'second');
      const refusal = await refusalOf(s3.send(new CopyObjectCommand(copy)));
      expect(refusal).toEqual({ status: 412, code: 'PreconditionFailed' });
      expect(await text('copy')).toBe('first');
    },
  },
  {
    id: 'copy/source-if-none-match',
    says: 'a copy with x-amz-copy-source-if-none-match of the same ETag is 412',
    run: async ({ s3, bucket, put }) => {
      const CopySourceIfNoneMatch = await put('k');
      const input = { Bucket: bucket, Key: 'copy', CopySource: `${bucket}/k`, CopySourceIfNoneMatch };
      expect((await refusalOf(s3.send(new CopyObjectCommand(input)))).status).toBe(412);
    },
    rgw: 'RGW 16.2 ignores the conditions on a copy source',
  },
];

/** Versions of objects. */
export const VERSION_CASES: readonly ContractCase[] = [
  {
    id: 'version/keep',
    says: 'each put makes a version that stays readable',
    run: async ({ s3, bucket, setVersioning, text }) => {
      await setVersioning('Enabled');
      const ids: (string | undefined)[] = [];
      for (const Body of ['one', 'two']) {
        ids.push((await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body }))).VersionId);
      }
      expect(new Set(ids).size).toBe(2);
      expect(await text('k')).toBe('two');
      expect(await text('k', ids[0])).toBe('one');
    },
  },
  {
    id: 'version/marker',
    says: 'a delete makes a marker that hides the object; removing it brings the object back',
    run: async ({ s3, bucket, put, setVersioning, http, text }) => {
      await setVersioning('Enabled');
      await put('k', 'one');
      const gone = await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'k' }));
      expect(gone.DeleteMarker).toBe(true);
      const reply = await http({ path: `/${bucket}/k` });
      expect([reply.status, reply.code]).toEqual([404, 'NoSuchKey']);
      const input = { Bucket: bucket, Key: 'k', VersionId: gone.VersionId };
      expect((await s3.send(new DeleteObjectCommand(input))).DeleteMarker).toBe(true);
      expect(await text('k')).toBe('one');
    },
  },
  {
    id: 'version/marker-header',
    says: 'the 404 of a deleted object says that a delete marker is newest',
    rgw: 'RGW 16.2 sends no x-amz-delete-marker with it',
    run: async ({ s3, bucket, put, setVersioning, http }) => {
      await setVersioning('Enabled');
      await put('k');
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'k' }));
      const reply = await http({ path: `/${bucket}/k` });
      expect(reply.headers['x-amz-delete-marker']).toBe('true');
    },
  },
  {
    id: 'version/marker-read',
    says: 'reading a delete marker by its version is 405',
    run: async ({ s3, bucket, put, setVersioning }) => {
      await setVersioning('Enabled');
      await put('k');
      const { VersionId } = await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'k' }));
      const refusal = await refusalOf(s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k', VersionId })));
      expect(refusal).toEqual({ status: 405, code: 'MethodNotAllowed' });
    },
    rgw: 'RGW 16.2 answers 404 NoSuchKey',
  },
  {
    id: 'version/delete-one',
    says: 'deleting the newest version brings the one before to the front',
    run: async ({ s3, bucket, put, setVersioning, text }) => {
      await setVersioning('Enabled');
      await put('k', 'one');
      const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'two' }));
      await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: 'k', VersionId }));
      expect(await text('k')).toBe('one');
    },
  },
  {
    id: 'version/null',
    says: 'what was put before versioning is version null, and stays',
    run: async ({ put, setVersioning, text }) => {
      await put('k', 'before');
      await setVersioning('Enabled');
      await put('k', 'after');
      expect(await text('k')).toBe('after');
      expect(await text('k', 'null')).toBe('before');
    },
  },
  {
    id: 'version/suspended',
    says: 'with versioning suspended a put replaces version null and leaves the others',
    run: async ({ s3, bucket, put, setVersioning, text }) => {
      await setVersioning('Enabled');
      const { VersionId } = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'kept' }));
      await setVersioning('Suspended');
      await put('k', 'null one');
      await put('k', 'null two');
      expect(await text('k', 'null')).toBe('null two');
      expect(await text('k', VersionId)).toBe('kept');
    },
  },
  {
    id: 'version/copy-source',
    says: 'a copy can name a version of its source',
    run: async ({ s3, bucket, put, setVersioning, text }) => {
      await setVersioning('Enabled');
      const first = await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'one' }));
      await put('k', 'two');
      const CopySource = `${bucket}/k?versionId=${first.VersionId ?? ''}`;
      await s3.send(new CopyObjectCommand({ Bucket: bucket, Key: 'copy', CopySource }));
      expect(await text('copy')).toBe('one');
    },
  },
];
