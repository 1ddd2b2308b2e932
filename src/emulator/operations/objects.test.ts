import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import type { RawReply } from '../testing/raw-client.js';
import { startTestServer, type TestServer } from '../testing/test-server.js';

const Bucket = 'objects';
const Key = 'ten';
const NOW_MS = Date.parse('2026-03-01T12:00:00.500Z');
const BEFORE = new Date(NOW_MS - 60_000).toUTCString();
const AT = new Date(NOW_MS).toUTCString();
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  await server.client.send(new CreateBucketCommand({ Bucket }));
  await server.client.send(new PutObjectCommand({ Bucket, Key, Body: '0123456789' }));
});

afterAll(async () => {
  expect(server.internalErrors).toEqual([]);
  await server.close();
});

function get(key: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<RawReply> {
  return server.raw.send({ method, path: `/${Bucket}/${key}`, headers });
}

async function put(
  key: string,
  headers: Readonly<Record<string, string>> = {},
  body = 'x',
): Promise<RawReply> {
  return await server.raw.send({ method: 'PUT', path: `/${Bucket}/${key}`, headers, body });
}

describe('conditions on writes', () => {
  test('If-None-Match creates once, If-Match replaces just what it names', async () => {
    expect((await put('once', { 'if-none-match': '*' })).status).toBe(200);
    expect((await put('once', { 'if-none-match': '*' })).code).toBe('PreconditionFailed');
    expect((await put('once', { 'if-match': '"a"' })).code).toBe('PreconditionFailed');
    expect((await put('once', { 'if-match': '"9dd4e461268c8034f5c8564e155c67a6"' })).status).toBe(200);
    expect((await put('never', { 'if-match': '"a"' })).status).toBe(404);
    expect((await put('once', { 'if-none-match': '"a"' })).code).toBe('NotImplemented');
  });

  test('of many writers that want to create only one succeeds', async () => {
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, index) => put('race', { 'if-none-match': '*' }, String(index))),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(412)]);
  });
});

describe('what is kept with an object', () => {
  test('metadata, content headers, storage class and tags come back; a read may override headers', async () => {
    const described = {
      Metadata: { mode: '33188' },
      ContentType: 'text/plain',
      CacheControl: 'no-cache',
      ContentLanguage: 'de',
      ContentDisposition: 'attachment',
      ContentEncoding: 'identity',
    };
    await server.client.send(
      new PutObjectCommand({
        ...{ Bucket, Key: 'described', Body: 'x', ...described },
        StorageClass: 'STANDARD_IA',
        Tagging: 'a=1&b=two%20words',
      }),
    );
    const head = await server.client.send(new HeadObjectCommand({ Bucket, Key: 'described' }));
    expect(head).toMatchObject({ ...described, StorageClass: 'STANDARD_IA', TagCount: 2 });
    const read = await server.client.send(
      new GetObjectCommand({
        Bucket,
        Key: 'described',
        ResponseContentType: 'a/b',
        ResponseCacheControl: 'c',
      }),
    );
    expect(read).toMatchObject({ ContentType: 'a/b', CacheControl: 'c' });
  });

  test('metadata of more than 2 KB, an unknown class and bad tags are refused', async () => {
    expect((await put('m', { 'x-amz-meta-a': 'v'.repeat(2047) })).status).toBe(200);
    expect((await put('m', { 'x-amz-meta-a': 'v'.repeat(2048) })).code).toBe('MetadataTooLarge');
    expect((await put('m', { 'x-amz-storage-class': 'TAPE' })).code).toBe('InvalidStorageClass');
    expect((await put('m', { 'x-amz-tagging': 'a=1&a=2' })).code).toBe('InvalidTag');
    expect((await put('m', { 'x-amz-tagging': 'a=%3C' })).code).toBe('InvalidTag');
    expect((await put('m', { 'x-amz-acl': 'public-read' })).code).toBe('AccessControlListNotSupported');
  });

  test('digests are verified', async () => {
    expect((await put('d', { 'content-md5': 'ndTkYSaMgDT1yFZOFVxnpg==' })).status).toBe(200);
    expect((await put('d', { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' })).code).toBe('BadDigest');
    expect((await put('d', { 'content-md5': 'short' })).code).toBe('InvalidDigest');
    expect((await put('d', { 'x-amz-checksum-crc32': 'jNwWgw==' })).status).toBe(200);
    expect((await put('d', { 'x-amz-checksum-crc32': 'AAAAAA==' })).code).toBe('BadDigest');
    expect((await put('d', { 'x-amz-checksum-crc32': 'A' })).code).toBe('InvalidRequest');
    expect((await put('d', { 'x-amz-sdk-checksum-algorithm': 'SHA1' })).code).toBe('InvalidRequest');
    const read = await get('d', { 'x-amz-checksum-mode': 'ENABLED' });
    expect(read.headers['x-amz-checksum-crc32']).toBe('jNwWgw==');
  });

  test('archived objects are described but not read', async () => {
    await put('cold', { 'x-amz-storage-class': 'GLACIER' });
    expect((await get('cold')).code).toBe('InvalidObjectState');
    expect((await get('cold', {}, 'HEAD')).headers['x-amz-storage-class']).toBe('GLACIER');
  });
});

describe('copies', () => {
  const CopySource = `${Bucket}/from`;

  beforeAll(async () => {
    await server.client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'from',
        Body: 'copied',
        Metadata: { a: '1' },
        ContentType: 'a/a',
        Tagging: 't=1',
      }),
    );
  });

  test('metadata and tags are taken over or replaced', async () => {
    await server.client.send(new CopyObjectCommand({ Bucket, Key: 'same', CopySource }));
    const same = await server.client.send(new HeadObjectCommand({ Bucket, Key: 'same' }));
    expect(same).toMatchObject({ Metadata: { a: '1' }, ContentType: 'a/a', TagCount: 1, ContentLength: 6 });
    await server.client.send(
      new CopyObjectCommand({
        ...{ Bucket, Key: 'other', CopySource, MetadataDirective: 'REPLACE', Metadata: { b: '2' } },
        TaggingDirective: 'REPLACE',
      }),
    );
    const other = await server.client.send(new HeadObjectCommand({ Bucket, Key: 'other' }));
    expect(other.Metadata).toEqual({ b: '2' });
    expect(other.TagCount).toBeUndefined();
  });

  test('a copy onto itself needs a change', async () => {
    const onto = { Bucket, Key: 'from', CopySource };
    await expect(server.client.send(new CopyObjectCommand(onto))).rejects.toMatchObject({
      name: 'InvalidRequest',
    });
    await server.client.send(
      new CopyObjectCommand({
        ...onto,
        MetadataDirective: 'REPLACE',
        Metadata: { a: '1' },
        ContentType: 'a/a',
      }),
    );
  });

  test('conditions on the source are all answered with 412', async () => {
    const send = (headers: Readonly<Record<string, string>>): Promise<RawReply> =>
      server.raw.send({
        method: 'PUT',
        path: `/${Bucket}/target`,
        headers: { 'x-amz-copy-source': CopySource, ...headers },
      });
    expect((await send({ 'x-amz-copy-source-if-match': '"a"' })).status).toBe(412);
    expect((await send({ 'x-amz-copy-source-if-none-match': '*' })).status).toBe(412);
    expect((await send({ 'x-amz-copy-source-if-unmodified-since': BEFORE })).status).toBe(412);
    expect((await send({ 'x-amz-copy-source-if-modified-since': AT })).status).toBe(200);
    expect((await send({ 'x-amz-copy-source': `${Bucket}/none` })).code).toBe('NoSuchKey');
    expect((await send({ 'x-amz-copy-source': 'nothing' })).code).toBe('InvalidArgument');
  });
});

describe('tags, versions, listings and deletion', () => {
  test('tags of an object are replaced', async () => {
    const TagSet = [{ Key: 'k', Value: 'v' }];
    await server.client.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));
    const got = await server.client.send(new GetObjectTaggingCommand({ Bucket, Key }));
    expect(got.TagSet).toEqual(TagSet);
  });

  test('a versioned bucket keeps what is replaced and deleted', async () => {
    const versioned = { Bucket: 'versioned' };
    await server.client.send(new CreateBucketCommand(versioned));
    await server.client.send(
      new PutBucketVersioningCommand({ ...versioned, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const at = { ...versioned, Key };
    const { VersionId: first } = await server.client.send(new PutObjectCommand({ ...at, Body: 'one' }));
    await server.client.send(new PutObjectCommand({ ...at, Body: 'two' }));
    const deleted = await server.client.send(new DeleteObjectCommand(at));
    expect(deleted.DeleteMarker).toBe(true);
    await expect(server.client.send(new GetObjectCommand(at))).rejects.toMatchObject({ name: 'NoSuchKey' });
    const old = await server.client.send(new GetObjectCommand({ ...at, VersionId: first }));
    expect(await old.Body?.transformToString()).toBe('one');
    const { Versions, DeleteMarkers } = await server.client.send(new ListObjectVersionsCommand(versioned));
    expect(Versions?.map(({ IsLatest }) => IsLatest)).toEqual([false, false]);
    expect(DeleteMarkers).toMatchObject([{ Key, VersionId: deleted.VersionId, IsLatest: true }]);
    await expect(
      server.client.send(new GetObjectCommand({ ...at, VersionId: deleted.VersionId })),
    ).rejects.toMatchObject({ name: 'MethodNotAllowed' });
  });

  test('a listing goes on page by page, folded by its delimiter', async () => {
    const Objects = ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/d&e'].map((name) => ({ Key: name }));
    for (const object of Objects) await put(encodeURI(object.Key).replace('&', '%26'));
    const seen: unknown[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await server.client.send(
        new ListObjectsV2Command({
          ...{ Bucket, Prefix: 'l/', Delimiter: '/', MaxKeys: 1 },
          ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
        }),
      );
      expect(page.KeyCount).toBe(1);
      seen.push(page.Contents?.[0]?.Key ?? page.CommonPrefixes?.[0]?.Prefix);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(seen).toEqual(['l/a', 'l/b/', 'l/c', 'l/d&e']);
    const deleted = await server.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(deleted.Deleted?.map(({ Key: key }) => key)).toEqual(Objects.map(({ Key: key }) => key));
    const rest = await server.client.send(new ListObjectsV2Command({ Bucket, Prefix: 'l/' }));
    expect(rest.KeyCount).toBe(0);
  });

  test('DeleteObjects needs a digest, and well-formed XML', async () => {
    const send = (body: string, headers: Readonly<Record<string, string>>): Promise<RawReply> =>
      server.raw.send({ method: 'POST', path: `/${Bucket}`, query: { delete: '' }, body, headers });
    expect((await send('<Delete><Object><Key>a</Key></Object></Delete>', {})).code).toBe('InvalidRequest');
    expect((await send('<Delete><Obj', { 'content-md5': 'WcBiEwwXT/1ZOwgWm+6tiQ==' })).code).toMatch(
      /BadDigest|MalformedXML/,
    );
  });
});
