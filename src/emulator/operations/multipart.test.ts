import { createHash, randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type ChecksumAlgorithm,
  type ChecksumType,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { startTestServer, type TestServer } from '../testing/test-server.js';

const MIB = 1024 * 1024;
const Bucket = 'multipart';
const PARTS = [randomBytes(5 * MIB), randomBytes(5 * MIB), randomBytes(1000)];
const WHOLE = Buffer.concat(PARTS);
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  await server.client.send(new CreateBucketCommand({ Bucket }));
});

afterAll(async () => {
  expect(server.internalErrors).toEqual([]);
  await server.close();
});

interface Checksums {
  readonly ChecksumAlgorithm?: ChecksumAlgorithm;
  readonly ChecksumType?: ChecksumType;
}

async function begin(Key: string, checksums: Checksums = {}): Promise<string> {
  const { UploadId = '' } = await server.client.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ...checksums }),
  );
  return UploadId;
}

async function sendParts(
  Key: string,
  UploadId: string,
  bodies: readonly Buffer[],
  algorithm?: ChecksumAlgorithm,
): Promise<CompletedPart[]> {
  const parts: CompletedPart[] = [];
  for (const [index, Body] of bodies.entries()) {
    const PartNumber = index + 1;
    const sent = await server.client.send(
      new UploadPartCommand({
        ...{ Bucket, Key, UploadId, PartNumber, Body },
        ...(algorithm === undefined ? {} : { ChecksumAlgorithm: algorithm }),
      }),
    );
    const { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumSHA1, ChecksumSHA256 } = sent;
    parts.push({ PartNumber, ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumSHA1, ChecksumSHA256 });
  }
  return parts;
}

function complete(
  Key: string,
  UploadId: string,
  Parts: CompletedPart[],
  more: object = {},
): Promise<{ ETag?: string | undefined }> {
  return server.client.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts }, ...more }),
  );
}

function md5(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest();
}

describe('multipart uploads', () => {
  test('parts become one object with the ETag of S3, readable by part', async () => {
    const Key = 'whole';
    const UploadId = await begin(Key);
    const parts = await sendParts(Key, UploadId, PARTS);
    const { ETag } = await complete(Key, UploadId, parts, { MpuObjectSize: WHOLE.length });
    expect(ETag).toBe(`"${md5(Buffer.concat(PARTS.map(md5))).toString('hex')}-3"`);
    const got = await server.client.send(new GetObjectCommand({ Bucket, Key }));
    expect(md5(Buffer.from((await got.Body?.transformToByteArray()) ?? []))).toEqual(md5(WHOLE));
    const part = await server.client.send(new GetObjectCommand({ Bucket, Key, PartNumber: 3 }));
    expect(part).toMatchObject({
      PartsCount: 3,
      ContentLength: 1000,
      ContentRange: `bytes ${10 * MIB}-${10 * MIB + 999}/${WHOLE.length}`,
    });
    await expect(
      server.client.send(new GetObjectCommand({ Bucket, Key, PartNumber: 4 })),
    ).rejects.toMatchObject({ name: 'InvalidPartNumber', $metadata: { httpStatusCode: 416 } });
  });

  test('parts out of order, unknown, changed or too small are refused and the upload lives on', async () => {
    const Key = 'refused';
    const UploadId = await begin(Key);
    const [first = {}, second = {}, third = {}] = await sendParts(Key, UploadId, PARTS);
    await expect(complete(Key, UploadId, [second, first])).rejects.toMatchObject({
      name: 'InvalidPartOrder',
    });
    await expect(complete(Key, UploadId, [{ ...first, ETag: '"00"' }])).rejects.toMatchObject({
      name: 'InvalidPart',
    });
    await expect(complete(Key, UploadId, [first, { ...second, PartNumber: 9 }])).rejects.toMatchObject({
      name: 'InvalidPart',
    });
    const small = { ...third, PartNumber: 1 };
    await sendParts(Key, UploadId, [PARTS[2] ?? Buffer.alloc(0)]);
    await expect(complete(Key, UploadId, [small, second])).rejects.toMatchObject({ name: 'EntityTooSmall' });
    await expect(complete(Key, UploadId, [small], { MpuObjectSize: 5 })).rejects.toMatchObject({
      name: 'InvalidRequest',
    });
    await complete(Key, UploadId, [small], { IfNoneMatch: '*' });
    await expect(complete(Key, UploadId, [small])).rejects.toMatchObject({ name: 'NoSuchUpload' });
  });

  test('conditions of CompleteMultipartUpload refuse without ending the upload', async () => {
    const Key = 'conditional';
    await server.client.send(new PutObjectCommand({ Bucket, Key, Body: 'first' }));
    const UploadId = await begin(Key);
    const parts = await sendParts(Key, UploadId, [Buffer.from('second')]);
    await expect(complete(Key, UploadId, parts, { IfNoneMatch: '*' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    await expect(complete(Key, UploadId, parts, { IfMatch: '"0"' })).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    const ifMatch = `"${md5(Buffer.from('first')).toString('hex')}"`;
    await complete(Key, UploadId, parts, { IfMatch: ifMatch });
  });

  test('open uploads and their parts are listed in pages until they are aborted', async () => {
    const Key = 'listed/key';
    const UploadId = await begin(Key);
    await sendParts(Key, UploadId, [Buffer.from('a'), Buffer.from('b'), Buffer.from('c')]);
    const one = await server.client.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 2 }));
    expect(one.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(one).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '2' });
    const two = await server.client.send(
      new ListPartsCommand({ Bucket, Key, UploadId, PartNumberMarker: one.NextPartNumberMarker }),
    );
    expect(two.Parts?.map(({ PartNumber }) => PartNumber)).toEqual([3]);
    expect(two.IsTruncated).toBe(false);
    const uploads = await server.client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'listed/' }));
    expect(uploads.Uploads?.map((upload) => [upload.Key, upload.UploadId])).toEqual([[Key, UploadId]]);
    await server.client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    await expect(server.client.send(new ListPartsCommand({ Bucket, Key, UploadId }))).rejects.toMatchObject({
      name: 'NoSuchUpload',
    });
  });

  test('ranges of another object become parts', async () => {
    await server.client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: WHOLE }));
    const Key = 'copied';
    const UploadId = await begin(Key);
    const copy = async (PartNumber: number, CopySourceRange: string): Promise<CompletedPart> => {
      const copied = await server.client.send(
        new UploadPartCopyCommand({
          Bucket,
          Key,
          UploadId,
          PartNumber,
          CopySource: `${Bucket}/source`,
          CopySourceRange,
        }),
      );
      return { PartNumber, ETag: copied.CopyPartResult?.ETag };
    };
    const half = 6 * MIB;
    const parts = [await copy(1, `bytes=0-${half - 1}`), await copy(2, `bytes=${half}-${WHOLE.length - 1}`)];
    await expect(copy(3, `bytes=0-${WHOLE.length}`)).rejects.toMatchObject({ name: 'InvalidArgument' });
    await complete(Key, UploadId, parts);
    const got = await server.client.send(new GetObjectCommand({ Bucket, Key }));
    expect(md5(Buffer.from((await got.Body?.transformToByteArray()) ?? []))).toEqual(md5(WHOLE));
  });
});

describe('checksums of multipart uploads', () => {
  test('a composite checksum is made of those of the parts', async () => {
    const Key = 'composite';
    const UploadId = await begin(Key, { ChecksumAlgorithm: 'SHA256' });
    const parts = await sendParts(Key, UploadId, PARTS, 'SHA256');
    const bare = parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
    await expect(complete(Key, UploadId, bare)).rejects.toMatchObject({ name: 'InvalidRequest' });
    await complete(Key, UploadId, parts);
    const digests = PARTS.map((bytes) => createHash('sha256').update(bytes).digest());
    const whole = createHash('sha256').update(Buffer.concat(digests)).digest('base64');
    const head = await server.client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(head).toMatchObject({ ChecksumSHA256: `${whole}-3`, ChecksumType: 'COMPOSITE' });
  });

  test.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)(
    'a full %s is that of the object put at once',
    async (algorithm) => {
      const Key = `full-${algorithm}`;
      const UploadId = await begin(Key, { ChecksumAlgorithm: algorithm, ChecksumType: 'FULL_OBJECT' });
      await complete(Key, UploadId, await sendParts(Key, UploadId, PARTS, algorithm));
      await server.client.send(
        new PutObjectCommand({ Bucket, Key: `${Key}-once`, Body: WHOLE, ChecksumAlgorithm: algorithm }),
      );
      const [whole, once] = await Promise.all(
        [Key, `${Key}-once`].map((name) =>
          server.client.send(new HeadObjectCommand({ Bucket, Key: name, ChecksumMode: 'ENABLED' })),
        ),
      );
      const field = `Checksum${algorithm}` as const;
      expect(whole?.[field]).toMatch(/=$/);
      expect(whole?.[field]).toBe(once?.[field]);
      expect(whole?.ChecksumType).toBe('FULL_OBJECT');
    },
  );

  test('a part with another algorithm than the upload is refused', async () => {
    const Key = 'mixed';
    const UploadId = await begin(Key, { ChecksumAlgorithm: 'SHA1' });
    await expect(sendParts(Key, UploadId, [Buffer.from('x')], 'CRC32')).rejects.toMatchObject({
      name: 'InvalidRequest',
    });
    await expect(
      begin(Key, { ChecksumAlgorithm: 'SHA1', ChecksumType: 'FULL_OBJECT' }),
    ).rejects.toMatchObject({
      name: 'InvalidRequest',
    });
  });
});
