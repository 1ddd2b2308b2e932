import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
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
    id: 'object/encryption-kms',
    says: 'the KMS key that was asked for is that of the object; a copy has the default again unless it asks too',
    rgw: 'RGW needs a KMS of its own behind it',
    run: async ({ s3, bucket }) => {
      const kms = {
        ServerSideEncryption: 'aws:kms',
        SSEKMSKeyId: 'arn:aws:kms:us-east-1:1:key/k',
        BucketKeyEnabled: true,
      } as const;
      const seen = async (Key: string): Promise<unknown> => {
        const { ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled } = await s3.send(
          new HeadObjectCommand({ Bucket: bucket, Key }),
        );
        return { ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled };
      };
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: 'k', Body: 'x', ...kms }));
      expect(await seen('k')).toEqual(kms);
      const from = { Bucket: bucket, CopySource: `${bucket}/k` };
      await s3.send(new CopyObjectCommand({ ...from, Key: 'plain' }));
      expect(await seen('plain')).toEqual({ ServerSideEncryption: 'AES256' });
      await s3.send(new CopyObjectCommand({ ...from, Key: 'same', ...kms }));
      expect(await seen('same')).toEqual(kms);
      const { UploadId } = await s3.send(
        new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'parts', ...kms }),
      );
      const part = { Bucket: bucket, Key: 'parts', UploadId, PartNumber: 1 };
      const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: 'x' }));
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
      await s3.send(
        new CompleteMultipartUploadCommand({ Bucket: bucket, Key: 'parts', UploadId, MultipartUpload }),
      );
      expect(await seen('parts')).toEqual(kms);
    },
  },
  {
    id: 'object/encryption-unknown',
    says: 'a method of encryption that does not exist is refused',
    run: async ({ bucket, http }) => {
      const headers = { 'x-amz-server-side-encryption': 'ROT13' };
      const reply = await http({ method: 'PUT', path: `/${bucket}/k`, body: 'x', headers });
      expect(reply.status).toBe(400);
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
