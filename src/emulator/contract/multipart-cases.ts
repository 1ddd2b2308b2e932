import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { refusalOf, type ContractCase, type ContractContext } from './contract-case.js';

const FIVE_MIB = 5 * 1024 * 1024;

interface OpenUpload {
  readonly UploadId: string;
  readonly part: (PartNumber: number, Body: Uint8Array) => Promise<{ PartNumber: number; ETag: string }>;
  readonly complete: (
    Parts: readonly { PartNumber: number; ETag: string }[],
    conditions?: { readonly IfMatch?: string; readonly IfNoneMatch?: string },
  ) => Promise<{ readonly ETag: string }>;
}

async function open({ s3, bucket: Bucket }: ContractContext, Key = 'k'): Promise<OpenUpload> {
  const created = await s3.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ContentType: 'text/x', Metadata: { mode: '33188' } }),
  );
  const UploadId = created.UploadId ?? '';
  return {
    UploadId,
    part: async (PartNumber, Body) => {
      const { ETag = '' } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
      return { PartNumber, ETag };
    },
    complete: async (Parts, conditions = {}) => {
      const input = { Bucket, Key, UploadId, MultipartUpload: { Parts: [...Parts] }, ...conditions };
      const { ETag = '' } = await s3.send(new CompleteMultipartUploadCommand(input));
      return { ETag };
    },
  };
}

function bytes(size: number, seed: number): Buffer {
  return Buffer.alloc(size, Buffer.from(Array.from({ length: 251 }, (_, at) => (at * 31 + seed) & 255)));
}

/** Multipart uploads from start to end. */
export const MULTIPART_CASES: readonly ContractCase[] = [
  {
    id: 'multipart/complete',
    says: 'parts become one object in the order of their numbers, with the description of the upload and a -N ETag',
    run: async (context) => {
      const { s3, bucket } = context;
      const upload = await open(context);
      const [one, two] = [bytes(FIVE_MIB, 1), bytes(1000, 2)];
      const second = await upload.part(7, two);
      const first = await upload.part(3, one);
      await upload.complete([first, second]);
      const md5s = [one, two].map((part) => createHash('md5').update(part).digest());
      const ETag = `"${createHash('md5').update(Buffer.concat(md5s)).digest('hex')}-2"`;
      const got = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'k' }));
      const whole = (await got.Body?.transformToByteArray()) ?? Buffer.alloc(0);
      expect(Buffer.concat([one, two]).equals(whole)).toBe(true);
      expect(got).toMatchObject({ ContentType: 'text/x', Metadata: { mode: '33188' }, ETag });
    },
  },
  {
    id: 'multipart/complete-etag',
    says: 'Complete answers with the ETag of the object',
    rgw: 'RGW 16.2 answers with an empty ETag',
    run: async (context) => {
      const upload = await open(context);
      const { ETag } = await upload.complete([await upload.part(1, Buffer.from('x'))]);
      const head = await context.s3.send(new HeadObjectCommand({ Bucket: context.bucket, Key: 'k' }));
      expect(ETag).toBe(head.ETag);
    },
  },
  {
    id: 'multipart/part-number',
    says: 'partNumber reads one part and tells how many there are',
    run: async (context) => {
      const upload = await open(context);
      const parts = [await upload.part(1, bytes(FIVE_MIB, 1)), await upload.part(2, Buffer.from('tail'))];
      await upload.complete(parts);
      const at = { Bucket: context.bucket, Key: 'k', PartNumber: 2 };
      const got = await context.s3.send(new GetObjectCommand(at));
      expect(await got.Body?.transformToString()).toBe('tail');
      expect(got.PartsCount).toBe(2);
      expect(got.ContentRange).toBe(`bytes ${FIVE_MIB}-${FIVE_MIB + 3}/${FIVE_MIB + 4}`);
    },
    rgw: 'RGW 16.2 ignores partNumber on GET',
  },
  {
    id: 'multipart/range-over-parts',
    says: 'a range over the edge of two parts is whole',
    run: async (context) => {
      const upload = await open(context);
      const one = bytes(FIVE_MIB, 1);
      await upload.complete([await upload.part(1, one), await upload.part(2, Buffer.from('tail'))]);
      const headers = { range: `bytes=${FIVE_MIB - 2}-${FIVE_MIB + 1}` };
      const reply = await context.http({ path: `/${context.bucket}/k`, headers });
      expect(reply.body.equals(Buffer.concat([one.subarray(-2), Buffer.from('ta')]))).toBe(true);
    },
  },
  {
    id: 'multipart/invisible',
    says: 'before completion the key is not there',
    run: async (context) => {
      const upload = await open(context);
      await upload.part(1, Buffer.from('x'));
      const refusal = await refusalOf(
        context.s3.send(new HeadObjectCommand({ Bucket: context.bucket, Key: 'k' })),
      );
      expect(refusal.status).toBe(404);
    },
  },
  {
    id: 'multipart/replace-part',
    says: 'a part that is sent again replaces the first',
    run: async (context) => {
      const upload = await open(context);
      const stale = await upload.part(1, Buffer.from('first'));
      const fresh = await upload.part(1, Buffer.from('second'));
      expect(await refusalOf(upload.complete([stale]))).toEqual({ status: 400, code: 'InvalidPart' });
      await upload.complete([fresh]);
      expect(await context.text('k')).toBe('second');
    },
  },
  {
    id: 'multipart/too-small',
    says: 'a part under 5 MiB that is not the last is EntityTooSmall',
    run: async (context) => {
      const upload = await open(context);
      const parts = [await upload.part(1, Buffer.from('small')), await upload.part(2, Buffer.from('tail'))];
      expect(await refusalOf(upload.complete(parts))).toEqual({ status: 400, code: 'EntityTooSmall' });
    },
  },
  {
    id: 'multipart/order',
    says: 'parts that are named out of order are InvalidPartOrder',
    rgw: 'RGW 16.2 puts them in order itself',
    run: async (context) => {
      const upload = await open(context);
      const parts = [await upload.part(1, bytes(FIVE_MIB, 1)), await upload.part(2, bytes(FIVE_MIB, 2))];
      expect(await refusalOf(upload.complete(parts.reverse()))).toEqual({
        status: 400,
        code: 'InvalidPartOrder',
      });
    },
  },
  {
    id: 'multipart/part-missing',
    says: 'a part that was never sent is InvalidPart',
    run: async (context) => {
      const upload = await open(context);
      const part = await upload.part(1, Buffer.from('x'));
      expect(await refusalOf(upload.complete([{ ...part, PartNumber: 2 }]))).toEqual({
        status: 400,
        code: 'InvalidPart',
      });
    },
  },
  {
    id: 'multipart/part-numbers',
    says: 'part numbers are 1 to 10,000',
    run: async (context) => {
      const upload = await open(context);
      await upload.part(10_000, Buffer.from('x'));
      for (const number of [0, 10_001]) {
        const refusal = await refusalOf(upload.part(number, Buffer.from('x')));
        expect(refusal).toEqual({ status: 400, code: 'InvalidArgument' });
      }
    },
    rgw: 'RGW 16.2 takes part number 0',
  },
  {
    id: 'multipart/abort',
    says: 'after an abort the upload is NoSuchUpload',
    run: async (context) => {
      const upload = await open(context);
      await upload.part(1, Buffer.from('x'));
      const at = { Bucket: context.bucket, Key: 'k', UploadId: upload.UploadId };
      await context.s3.send(new AbortMultipartUploadCommand(at));
      const late = [
        async () => await upload.part(2, Buffer.from('y')),
        async () => await context.s3.send(new AbortMultipartUploadCommand(at)),
      ];
      for (const call of late) {
        expect(await refusalOf(call())).toEqual({ status: 404, code: 'NoSuchUpload' });
      }
    },
  },
  {
    id: 'multipart/list-parts-missing',
    says: 'ListParts of an upload that is not there is NoSuchUpload',
    rgw: 'RGW 16.2 answers NoSuchKey',
    run: async ({ s3, bucket }) => {
      const at = { Bucket: bucket, Key: 'k', UploadId: '2~nothing' };
      expect(await refusalOf(s3.send(new ListPartsCommand(at)))).toEqual({
        status: 404,
        code: 'NoSuchUpload',
      });
    },
  },
  {
    id: 'multipart/list-parts',
    says: 'ListParts gives number, size and ETag by pages',
    run: async (context) => {
      const upload = await open(context);
      const parts = [];
      for (const number of [2, 4, 9]) parts.push(await upload.part(number, Buffer.alloc(number)));
      const at = { Bucket: context.bucket, Key: 'k', UploadId: upload.UploadId };
      const first = await context.s3.send(new ListPartsCommand({ ...at, MaxParts: 2 }));
      expect(first).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '4' });
      const rest = await context.s3.send(
        new ListPartsCommand({ ...at, PartNumberMarker: first.NextPartNumberMarker }),
      );
      const all = [...(first.Parts ?? []), ...(rest.Parts ?? [])];
      expect(all.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }))).toEqual(parts);
      expect(all.map(({ Size }) => Size)).toEqual([2, 4, 9]);
    },
  },
  {
    id: 'multipart/list-uploads',
    says: 'ListMultipartUploads gives open uploads by key, with a prefix those below it',
    run: async (context) => {
      const { s3, bucket: Bucket } = context;
      const ids: string[] = [];
      for (const key of ['a', 'b/1', 'b/2']) ids.push((await open(context, key)).UploadId);
      const all = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
      expect(all.Uploads?.map(({ UploadId }) => UploadId)).toEqual(ids);
      const below = await s3.send(new ListMultipartUploadsCommand({ Bucket, Prefix: 'b/' }));
      expect(below.Uploads?.map(({ Key }) => Key)).toEqual(['b/1', 'b/2']);
    },
  },
  {
    id: 'multipart/list-uploads-delimiter',
    says: 'ListMultipartUploads folds keys by a delimiter',
    rgw: 'RGW 16.2 leaves the common prefixes out',
    run: async (context) => {
      for (const key of ['a', 'b/1', 'b/2']) await open(context, key);
      const input = { Bucket: context.bucket, Delimiter: '/' };
      const reply = await context.s3.send(new ListMultipartUploadsCommand(input));
      expect(reply.Uploads?.map(({ Key }) => Key)).toEqual(['a']);
      expect(reply.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['b/']);
    },
  },
  {
    id: 'multipart/copy-part',
    says: 'UploadPartCopy takes a range of another object',
    run: async (context) => {
      const source = bytes(FIVE_MIB + 100, 9);
      const etag = await context.put('source', source);
      const upload = await open(context);
      const at = { Bucket: context.bucket, Key: 'k', UploadId: upload.UploadId };
      const copy = async (
        PartNumber: number,
        CopySourceRange: string,
      ): Promise<{ PartNumber: number; ETag: string }> => {
        const CopySource = `${context.bucket}/source`;
        const input = { ...at, PartNumber, CopySource, CopySourceRange, CopySourceIfMatch: etag };
        const reply = await context.s3.send(new UploadPartCopyCommand(input));
        return { PartNumber, ETag: reply.CopyPartResult?.ETag ?? '' };
      };
      const parts = [await copy(1, `bytes=50-${FIVE_MIB + 49}`), await copy(2, 'bytes=0-9')];
      await upload.complete(parts);
      const got = await context.s3.send(new GetObjectCommand({ Bucket: context.bucket, Key: 'k' }));
      const wanted = Buffer.concat([source.subarray(50, FIVE_MIB + 50), source.subarray(0, 10)]);
      expect(wanted.equals((await got.Body?.transformToByteArray()) ?? Buffer.alloc(0))).toBe(true);
    },
  },
  {
    id: 'multipart/if-absent',
    says: 'Complete with If-None-Match: * does not replace an object that came meanwhile',
    rgw: 'RGW 16.2 ignores conditions on CompleteMultipartUpload',
    run: async (context) => {
      const upload = await open(context);
      const part = await upload.part(1, Buffer.from('from parts'));
      await context.put('k', 'came first');
      const refusal = await refusalOf(upload.complete([part], { IfNoneMatch: '*' }));
      expect(refusal).toEqual({ status: 412, code: 'PreconditionFailed' });
      expect(await context.text('k')).toBe('came first');
    },
  },
  {
    id: 'multipart/if-match',
    says: 'Complete with If-Match replaces that ETag only',
    rgw: 'RGW 16.2 ignores conditions on CompleteMultipartUpload',
    run: async (context) => {
      const IfMatch = await context.put('k', 'first');
      const upload = await open(context);
      const part = await upload.part(1, Buffer.from('from parts'));
      await context.put('k', 'second');
      const refusal = await refusalOf(upload.complete([part], { IfMatch }));
      expect(refusal).toEqual({ status: 412, code: 'PreconditionFailed' });
    },
  },
];
