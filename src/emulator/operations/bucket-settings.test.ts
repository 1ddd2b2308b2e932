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
  PutBucketLifecycleConfigurationCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { startTestServer, type TestServer } from '../testing/test-server.js';

const Bucket = 'settings';
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ region: 'eu-central-1' });
  await server.client.send(new CreateBucketCommand({ Bucket }));
});

afterAll(async () => {
  expect(server.internalErrors).toEqual([]);
  await server.close();
});

describe('buckets', () => {
  test('a bucket is listed, located, refused twice, and deleted only when it is empty', async () => {
    const { client } = server;
    const { Buckets } = await client.send(new ListBucketsCommand({}));
    expect(Buckets?.map(({ Name }) => Name)).toEqual([Bucket]);
    expect((await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBe(
      'eu-central-1',
    );
    expect((await client.send(new HeadBucketCommand({ Bucket }))).BucketRegion).toBe('eu-central-1');
    await expect(client.send(new CreateBucketCommand({ Bucket }))).rejects.toMatchObject({
      name: 'BucketAlreadyOwnedByYou',
    });
    const full = { Bucket: 'not-empty' };
    await client.send(new CreateBucketCommand(full));
    await client.send(new PutObjectCommand({ ...full, Key: 'k', Body: 'x' }));
    await expect(client.send(new DeleteBucketCommand(full))).rejects.toMatchObject({
      name: 'BucketNotEmpty',
    });
    await expect(client.send(new HeadBucketCommand({ Bucket: 'nowhere' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  test.each(['Upper', 'ab', 'a..b', '1.2.3.4', '-a-b', 'under_score'])(
    '"%s" is no name of a bucket',
    async (name) => {
      const reply = await server.raw.send({ method: 'PUT', path: `/${name}` });
      expect([reply.status, reply.code]).toEqual([400, 'InvalidBucketName']);
    },
  );

  test('versioning is off at first', async () => {
    expect((await server.client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBeUndefined();
  });

  test('tags are kept and removed', async () => {
    const { client } = server;
    const TagSet = [{ Key: 'run', Value: 'a b/1' }];
    await expect(client.send(new GetBucketTaggingCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchTagSet',
    });
    await client.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
    expect((await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual(TagSet);
    await client.send(new DeleteBucketTaggingCommand({ Bucket }));
    await expect(client.send(new GetBucketTaggingCommand({ Bucket }))).rejects.toMatchObject({
      name: 'NoSuchTagSet',
    });
  });

  test('a lifecycle configuration is checked, kept and removed', async () => {
    const { client } = server;
    const missing = { name: 'NoSuchLifecycleConfiguration' };
    const rule = {
      ID: 'expire',
      Status: 'Enabled' as const,
      Filter: { Prefix: '' },
      Expiration: { Days: 1 },
    };
    const put = (Days: number): Promise<unknown> =>
      client.send(
        new PutBucketLifecycleConfigurationCommand({
          Bucket,
          LifecycleConfiguration: { Rules: [{ ...rule, Expiration: { Days } }] },
        }),
      );
    await expect(client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).rejects.toMatchObject(
      missing,
    );
    await expect(put(0)).rejects.toMatchObject({ name: 'InvalidArgument' });
    await put(1);
    expect((await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules).toEqual([rule]);
    await client.send(new DeleteBucketLifecycleCommand({ Bucket }));
    await expect(client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).rejects.toMatchObject(
      missing,
    );
  });
});
