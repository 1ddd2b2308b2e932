import {
  ListObjectsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
} from '@aws-sdk/client-s3';
import type { ContractCase } from './contract-case.js';

const KEYS = ['a', 'b/1', 'b/2', 'b/c/3', 'd', 'e/4'];

/** Listings in both versions. */
export const LISTING_CASES: readonly ContractCase[] = [
  {
    id: 'list/order',
    says: 'keys are listed in the order of their UTF-8 bytes',
    run: async ({ s3, bucket, put }) => {
      const keys = ['Z', 'a', 'a b', 'a/', 'a/b', '~', '\u00e9', '\uff5e', '\u{1f600}'];
      for (const key of [...keys].reverse()) await put(key, 'x');
      const { Contents, KeyCount, IsTruncated } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
      const wanted = keys.sort((one, two) => Buffer.compare(Buffer.from(one), Buffer.from(two)));
      expect(Contents?.map(({ Key }) => Key)).toEqual(wanted);
      expect({ KeyCount, IsTruncated }).toEqual({ KeyCount: keys.length, IsTruncated: false });
    },
  },
  {
    id: 'list/facts',
    says: 'a listing gives size, ETag, time and class of each object',
    run: async ({ s3, bucket, put }) => {
      const ETag = await put('k', 'hello');
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
      expect(Contents).toMatchObject([{ Key: 'k', Size: 5, ETag, StorageClass: 'STANDARD' }]);
      expect(Math.abs(Date.now() - (Contents[0]?.LastModified?.getTime() ?? 0))).toBeLessThan(60_000);
    },
  },
  {
    id: 'list/empty',
    says: 'an empty bucket lists nothing and is not truncated',
    run: async ({ s3, bucket }) => {
      const reply = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
      expect(reply).toMatchObject({ KeyCount: 0, IsTruncated: false });
      expect(reply.Contents).toBeUndefined();
    },
  },
  {
    id: 'list/delimiter',
    says: 'a delimiter folds keys to common prefixes',
    run: async ({ s3, bucket, put }) => {
      for (const key of KEYS) await put(key);
      const top = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Delimiter: '/' }));
      expect(top.Contents?.map(({ Key }) => Key)).toEqual(['a', 'd']);
      expect(top.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['b/', 'e/']);
      expect(top.KeyCount).toBe(4);
      const below = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Delimiter: '/', Prefix: 'b/' }));
      expect(below.Contents?.map(({ Key }) => Key)).toEqual(['b/1', 'b/2']);
      expect(below.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['b/c/']);
    },
  },
  {
    id: 'list/pages',
    says: 'pages of one by continuation token give each key and prefix once',
    run: async ({ s3, bucket, put }) => {
      for (const key of KEYS) await put(key);
      const found: (string | undefined)[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page: ListObjectsV2CommandOutput = await s3.send(
          new ListObjectsV2Command({ Bucket: bucket, Delimiter: '/', MaxKeys: 1, ContinuationToken }),
        );
        found.push(...(page.Contents ?? []).map(({ Key }) => Key));
        found.push(...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined && found.length < 20);
      expect(found).toEqual(['a', 'b/', 'd', 'e/']);
    },
  },
  {
    id: 'list/start-after',
    says: 'start-after begins behind a key, whether it exists or not',
    run: async ({ s3, bucket, put }) => {
      for (const key of KEYS) await put(key);
      const after = async (StartAfter: string): Promise<unknown> =>
        (await s3.send(new ListObjectsV2Command({ Bucket: bucket, StartAfter }))).Contents?.map(
          ({ Key }) => Key,
        );
      expect(await after('b/2')).toEqual(['b/c/3', 'd', 'e/4']);
      expect(await after('b/2zz')).toEqual(['b/c/3', 'd', 'e/4']);
    },
  },
  {
    id: 'list/max-keys-zero',
    says: 'max-keys 0 lists nothing and is not truncated',
    run: async ({ s3, bucket, put }) => {
      await put('k');
      const reply = await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 0 }));
      expect(reply.IsTruncated).toBe(false);
      expect(reply.Contents).toBeUndefined();
    },
  },
  {
    id: 'list/max-keys-wrong',
    says: 'a max-keys that is no number is InvalidArgument',
    run: async ({ bucket, http }) => {
      const reply = await http({ path: `/${bucket}`, query: { 'list-type': '2', 'max-keys': 'many' } });
      expect([reply.status, reply.code]).toEqual([400, 'InvalidArgument']);
    },
  },
  {
    id: 'list/url-encoding',
    says: 'encoding-type=url encodes keys and prefixes of the reply',
    run: async ({ bucket, put, http }) => {
      await put('a b/\u00e9&.txt');
      const query = { 'list-type': '2', 'encoding-type': 'url' };
      const text = (await http({ path: `/${bucket}`, query })).body.toString();
      expect(text).toContain('<EncodingType>url</EncodingType>');
      const key = /<Key>([^<]*)<\/Key>/.exec(text)?.[1] ?? '';
      expect(key).toMatch(/^[A-Za-z0-9._~%/+-]*$/);
      expect(decodeURIComponent(key.replaceAll('+', ' '))).toBe('a b/\u00e9&.txt');
    },
  },
  {
    id: 'list/control-characters',
    says: 'keys with characters that XML can not hold are listed by encoding-type=url',
    run: async ({ s3, bucket, put }) => {
      await put('bell\u0007');
      const reply = await s3.send(new ListObjectsV2Command({ Bucket: bucket, EncodingType: 'url' }));
      expect(reply.Contents?.map(({ Key }) => Key)).toEqual(['bell%07']);
    },
  },
  {
    id: 'list/version-1',
    says: 'ListObjects pages by marker, and NextMarker comes with a delimiter',
    run: async ({ s3, bucket, put }) => {
      for (const key of KEYS) await put(key);
      const first = await s3.send(new ListObjectsCommand({ Bucket: bucket, Delimiter: '/', MaxKeys: 2 }));
      expect(first).toMatchObject({ IsTruncated: true, NextMarker: 'b/' });
      const second = await s3.send(
        new ListObjectsCommand({ Bucket: bucket, Delimiter: '/', Marker: first.NextMarker }),
      );
      expect(second.Contents?.map(({ Key }) => Key)).toEqual(['d']);
      expect(second.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['e/']);
    },
  },
  {
    id: 'list/owner',
    says: 'ListObjectsV2 names the owner only with fetch-owner',
    run: async ({ s3, bucket, put }) => {
      await put('k');
      const plain = await s3.send(new ListObjectsV2Command({ Bucket: bucket }));
      expect(plain.Contents?.[0]?.Owner).toBeUndefined();
      const owned = await s3.send(new ListObjectsV2Command({ Bucket: bucket, FetchOwner: true }));
      expect(owned.Contents?.[0]?.Owner?.ID).toBeTruthy();
    },
  },
  {
    id: 'list/versions-pages',
    says: 'ListObjectVersions by pages of one gives all versions from the newest, and markers',
    run: async ({ s3, bucket, put, setVersioning, http }) => {
      await setVersioning('Enabled');
      for (const key of ['a', 'a', 'b']) await put(key);
      await http({ method: 'DELETE', path: `/${bucket}/b` });
      const found: string[] = [];
      let markers: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
      for (let page = 0; page < 10; page += 1) {
        const reply = await s3.send(
          new ListObjectVersionsCommand({ Bucket: bucket, MaxKeys: 1, ...markers }),
        );
        for (const { Key, IsLatest } of reply.Versions ?? []) found.push(`${Key ?? ''} ${String(IsLatest)}`);
        for (const { Key, IsLatest } of reply.DeleteMarkers ?? [])
          found.push(`${Key ?? ''} marker ${String(IsLatest)}`);
        if (reply.IsTruncated !== true) break;
        markers = { KeyMarker: reply.NextKeyMarker, VersionIdMarker: reply.NextVersionIdMarker };
      }
      expect(found).toEqual(['a true', 'a false', 'b marker true', 'b false']);
    },
  },
];
