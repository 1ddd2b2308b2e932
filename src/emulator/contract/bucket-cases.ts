import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketTaggingCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketLifecycleConfigurationCommand,
  PutBucketTaggingCommand,
} from '@aws-sdk/client-s3';
import { refusalOf, type ContractCase } from './contract-case.js';

/** Buckets and their settings. */
export const BUCKET_CASES: readonly ContractCase[] = [
  {
    id: 'bucket/list',
    says: 'ListBuckets names the bucket with its time of creation',
    run: async ({ s3, bucket }) => {
      const { Buckets } = await s3.send(new ListBucketsCommand({}));
      const found = Buckets?.find(({ Name }) => Name === bucket);
      expect(Math.abs(Date.now() - (found?.CreationDate?.getTime() ?? 0))).toBeLessThan(60_000);
    },
  },
  {
    id: 'bucket/head',
    says: 'HeadBucket finds a bucket and answers 404 for one that is not there',
    run: async ({ s3, bucket }) => {
      await s3.send(new HeadBucketCommand({ Bucket: bucket }));
      const refusal = await refusalOf(s3.send(new HeadBucketCommand({ Bucket: `${bucket}-no` })));
      expect(refusal.status).toBe(404);
    },
  },
  {
    id: 'bucket/location',
    says: 'GetBucketLocation of us-east-1 is the empty constraint',
    rgw: 'RGW answers with the name of its zone group, "default"',
    run: async ({ s3, bucket }) => {
      const { LocationConstraint } = await s3.send(new GetBucketLocationCommand({ Bucket: bucket }));
      expect(LocationConstraint).toBeUndefined();
    },
  },
  {
    id: 'bucket/delete',
    says: 'a deleted bucket is gone',
    run: async ({ s3, bucket }) => {
      await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
      const refusal = await refusalOf(s3.send(new ListObjectsV2Command({ Bucket: bucket })));
      expect(refusal).toEqual({ status: 404, code: 'NoSuchBucket' });
    },
  },
  {
    id: 'bucket/delete-not-empty',
    says: 'a bucket with an object is not deleted',
    run: async ({ s3, bucket, put }) => {
      await put('k');
      const refusal = await refusalOf(s3.send(new DeleteBucketCommand({ Bucket: bucket })));
      expect(refusal).toEqual({ status: 409, code: 'BucketNotEmpty' });
    },
  },
  {
    id: 'bucket/name-rules',
    says: 'a name with capitals or an underscore is refused',
    run: async ({ http }) => {
      for (const name of ['Has-Capitals', 'under_score', 'ab']) {
        const reply = await http({ method: 'PUT', path: `/${name}` });
        expect([reply.status, reply.code]).toEqual([400, 'InvalidBucketName']);
      }
    },
  },
  {
    id: 'bucket/create-again',
    says: "creating a bucket of one's own again is harmless in us-east-1",
    run: async ({ s3, bucket, put, text }) => {
      await put('k', 'kept');
      await s3.send(new CreateBucketCommand({ Bucket: bucket }));
      expect(await text('k')).toBe('kept');
    },
  },
  {
    id: 'bucket/versioning-state',
    says: 'versioning is absent at first, then what was put',
    run: async ({ s3, bucket, setVersioning }) => {
      const state = async (): Promise<string | undefined> =>
        (await s3.send(new GetBucketVersioningCommand({ Bucket: bucket }))).Status;
      expect(await state()).toBeUndefined();
      await setVersioning('Enabled');
      expect(await state()).toBe('Enabled');
      await setVersioning('Suspended');
      expect(await state()).toBe('Suspended');
    },
  },
  {
    id: 'bucket/tagging',
    says: 'bucket tags are returned, and removed with DELETE',
    run: async ({ s3, bucket }) => {
      const TagSet = [{ Key: 'team', Value: 'storage + files' }];
      await s3.send(new PutBucketTaggingCommand({ Bucket: bucket, Tagging: { TagSet } }));
      const got = await s3.send(new GetBucketTaggingCommand({ Bucket: bucket }));
      expect(got.TagSet).toEqual(TagSet);
      await s3.send(new DeleteBucketTaggingCommand({ Bucket: bucket }));
      const refusal = await refusalOf(s3.send(new GetBucketTaggingCommand({ Bucket: bucket })));
      expect(refusal).toEqual({ status: 404, code: 'NoSuchTagSet' });
    },
  },
  {
    id: 'bucket/lifecycle',
    says: 'a lifecycle configuration is returned, and removed with DELETE',
    run: async ({ s3, bucket }) => {
      const Rules = [
        { ID: 'expire', Status: 'Enabled' as const, Filter: { Prefix: 'tmp/' }, Expiration: { Days: 1 } },
      ];
      const LifecycleConfiguration = { Rules };
      await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket: bucket, LifecycleConfiguration }));
      const got = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }));
      expect(got.Rules).toMatchObject([{ ID: 'expire', Status: 'Enabled', Expiration: { Days: 1 } }]);
      await s3.send(new DeleteBucketLifecycleCommand({ Bucket: bucket }));
      const refusal = await refusalOf(
        s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket })),
      );
      expect(refusal).toEqual({ status: 404, code: 'NoSuchLifecycleConfiguration' });
    },
  },
];
