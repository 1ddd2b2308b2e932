import {
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { refusalOf, type ContractCase } from './contract-case.js';

/** Tags and storage classes of objects. */
export const TAG_AND_CLASS_CASES: readonly ContractCase[] = [
  {
    id: 'object/tagging',
    says: 'tags are put with the object or later, counted, and removed',
    run: async ({ s3, bucket }) => {
      const at = { Bucket: bucket, Key: 'k' };
      await s3.send(new PutObjectCommand({ ...at, Body: 'x', Tagging: 'a=1&b=two%20words' }));
      const tags = async (): Promise<unknown> => (await s3.send(new GetObjectTaggingCommand(at))).TagSet;
      expect(await tags()).toEqual([
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: 'two words' },
      ]);
      const got = await s3.send(new GetObjectCommand(at));
      await got.Body?.transformToByteArray();
      expect(got.TagCount).toBe(2);
      await s3.send(new PutObjectTaggingCommand({ ...at, Tagging: { TagSet: [{ Key: 'c', Value: '3' }] } }));
      expect(await tags()).toEqual([{ Key: 'c', Value: '3' }]);
      await s3.send(new DeleteObjectTaggingCommand(at));
      expect(await tags()).toEqual([]);
    },
  },
  {
    id: 'object/tagging-limit',
    says: 'more than ten tags are refused',
    run: async ({ s3, bucket, put }) => {
      await put('k');
      const TagSet = Array.from({ length: 11 }, (_, at) => ({ Key: `k${at}`, Value: 'v' }));
      const refusal = await refusalOf(
        s3.send(new PutObjectTaggingCommand({ Bucket: bucket, Key: 'k', Tagging: { TagSet } })),
      );
      expect(refusal.status).toBe(400);
    },
  },
  {
    id: 'object/storage-class',
    says: 'the storage class that was asked for is the class of the object; STANDARD has no header',
    rgw: 'RGW 16.2 knows no STANDARD_IA unless a placement target defines it',
    run: async ({ s3, bucket, put }) => {
      await s3.send(
        new PutObjectCommand({ Bucket: bucket, Key: 'ia', Body: '', StorageClass: 'STANDARD_IA' }),
      );
      expect((await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'ia' }))).StorageClass).toBe(
        'STANDARD_IA',
      );
      await put('plain');
      expect(
        (await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: 'plain' }))).StorageClass,
      ).toBeUndefined();
    },
  },
  {
    id: 'object/storage-class-unknown',
    says: 'an unknown storage class is refused',
    rgw: 'RGW 16.2 answers InvalidArgument',
    run: async ({ bucket, http }) => {
      const headers = { 'x-amz-storage-class': 'NO_SUCH' };
      const reply = await http({ method: 'PUT', path: `/${bucket}/k`, body: 'x', headers });
      expect([reply.status, reply.code]).toEqual([400, 'InvalidStorageClass']);
    },
  },
];
