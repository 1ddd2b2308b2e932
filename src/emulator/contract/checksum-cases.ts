import { Readable } from 'node:stream';
import {
  ChecksumAlgorithm,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { refusalOf, type ContractCase } from './contract-case.js';

const RGW = 'RGW 16.2 knows no x-amz-checksum headers';

/** Checksums of "hello", by other programs (python zlib, crcmod, hashlib). */
const OF_HELLO = {
  CRC32: 'NhCmhg==',
  CRC32C: 'mnG7TA==',
  CRC64NVME: 'M3eFcAZSQlc=',
  SHA1: 'qvTGHdzF6KLavt4PO0gs2a6pQ00=',
  SHA256: 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=',
} as const;

function kept(algorithm: keyof typeof OF_HELLO): ContractCase {
  return {
    id: `checksum/${algorithm.toLowerCase()}`,
    says: `${algorithm} is verified, kept, and returned with checksum-mode; a wrong one is BadDigest`,
    rgw: RGW,
    run: async ({ s3, bucket }) => {
      const at = { Bucket: bucket, Key: 'k' };
      const field = `Checksum${algorithm}` as const;
      await s3.send(new PutObjectCommand({ ...at, Body: 'hello', [field]: OF_HELLO[algorithm] }));
      const head = await s3.send(new HeadObjectCommand({ ...at, ChecksumMode: 'ENABLED' }));
      expect(head[field]).toBe(OF_HELLO[algorithm]);
      expect(head.ChecksumType).toBe('FULL_OBJECT');
      const wrong = s3.send(new PutObjectCommand({ ...at, Body: 'other', [field]: OF_HELLO[algorithm] }));
      expect(await refusalOf(wrong)).toEqual({ status: 400, code: 'BadDigest' });
    },
  };
}

/** The checksums of `x-amz-checksum-*`. */
export const CHECKSUM_CASES: readonly ContractCase[] = [
  kept('CRC32'),
  kept('CRC32C'),
  kept('CRC64NVME'),
  kept('SHA1'),
  kept('SHA256'),
  {
    id: 'checksum/trailer',
    says: 'a stream in unsigned chunks with a checksum trailer is put and verified on the way back',
    rgw: 'RGW 16.2 does not take STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    run: async ({ client, bucket }) => {
      const s3 = client({
        requestChecksumCalculation: 'WHEN_SUPPORTED',
        responseChecksumValidation: 'WHEN_SUPPORTED',
      });
      const text = 'streamed '.repeat(20_000);
      const Body = Readable.from([Buffer.from(text)]);
      const input = { Bucket: bucket, Key: 'k', Body, ContentLength: text.length };
      await s3.send(new PutObjectCommand({ ...input, ChecksumAlgorithm: ChecksumAlgorithm.CRC32 }));
      const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k', ChecksumMode: 'ENABLED' }));
      expect(await got.Body?.transformToString()).toBe(text);
      expect(got.ChecksumCRC32).toBeTruthy();
    },
  },
  {
    id: 'checksum/malformed',
    says: 'a checksum that is no digest of its kind is InvalidRequest',
    rgw: RGW,
    run: async ({ bucket, http }) => {
      const headers = { 'x-amz-checksum-crc32': 'bm90NGJ5dGVz' };
      const reply = await http({ method: 'PUT', path: `/${bucket}/k`, body: 'x', headers });
      expect([reply.status, reply.code]).toEqual([400, 'InvalidRequest']);
    },
  },
  {
    id: 'checksum/multipart-full',
    says: 'a multipart object with a FULL_OBJECT checksum has the checksum of all its bytes',
    rgw: RGW,
    run: async ({ s3, bucket }) => {
      const at = { Bucket: bucket, Key: 'k' };
      const kind = { ChecksumAlgorithm: ChecksumAlgorithm.CRC64NVME, ChecksumType: 'FULL_OBJECT' as const };
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at, ...kind }));
      const part = { ...at, UploadId, PartNumber: 1, Body: 'hello', ChecksumCRC64NVME: OF_HELLO.CRC64NVME };
      const { ETag } = await s3.send(new UploadPartCommand(part));
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
      const done = await s3.send(
        new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload, ChecksumType: 'FULL_OBJECT' }),
      );
      expect([done.ChecksumCRC64NVME, done.ChecksumType]).toEqual([OF_HELLO.CRC64NVME, 'FULL_OBJECT']);
    },
  },
];
