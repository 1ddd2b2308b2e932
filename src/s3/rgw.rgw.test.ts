import { randomUUID } from 'node:crypto';
import { Failure } from '../errors/failure.js';
import { createBucketAdmin, type BucketAdmin } from './admin.js';
import { withCheckedConditions } from './checked-conditions.js';
import { createStore } from './client.js';
import { probeStore } from './probe.js';
import type { ObjectStore } from './store.js';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const { OBJECTFS_RGW_ENDPOINT: endpoint, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;

describe.each(['sdk', 'lean'] as const)('the store on Ceph RGW over the %s client', (client) => {
  if (endpoint === undefined) {
    test.skip('OBJECTFS_RGW_ENDPOINT is not set: eval "$(scripts/rgw up)" starts one', () => undefined);
    return;
  }

  const bucket = `objectfs-store-${randomUUID()}`;
  let admin: BucketAdmin;
  let direct: ObjectStore;
  let store: ObjectStore;

  beforeAll(async () => {
    const credentials = {
      accessKeyId: AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
    };
    const connection = { endpoint, region: 'us-east-1', credentials, forcePathStyle: true, client };
    admin = createBucketAdmin(connection);
    await admin.create(bucket);
    direct = createStore(connection, bucket);
    store = withCheckedConditions(direct, await probeStore(direct));
  });

  afterAll(async () => {
    await admin.empty(bucket);
    await admin.remove(bucket);
    direct.close();
    admin.close();
  });

  test('the probe leaves nothing behind', async () => {
    expect((await direct.list()).objects).toEqual([]);
    expect(await direct.listUploads()).toEqual([]);
  });

  test('every way to write tells the ETag that HEAD tells', async () => {
    const put = await store.put('put', Buffer.from('content'));
    expect((await store.head('put')).etag).toBe(put.etag);
    const copy = await store.copy('put', 'copy', { sourceIfMatch: put.etag });
    expect((await store.head('copy')).etag).toBe(copy.etag);
    const uploadId = await store.createUpload('parts');
    const part = await store.copyPart('parts', uploadId, 1, { sourceKey: 'put', sourceIfMatch: put.etag });
    const complete = await store.completeUpload('parts', uploadId, [part], { ifAbsent: true });
    expect(complete.etag).toMatch(/^"[0-9a-f]{32}-1"$/);
    expect((await store.head('parts')).etag).toBe(complete.etag);
  });

  test('what another client changed is not replaced, and what it did not is', async () => {
    const { etag } = await store.put('raced', Buffer.from('old'));
    const { etag: mine } = await store.put('raced', Buffer.from('mine'), { ifMatch: etag });
    const stale = { ifMatch: etag };
    expect(await kindOf(store.put('raced', Buffer.from('stale'), stale))).toBe('precondition-failed');
    expect(await kindOf(store.put('raced', Buffer.from('new'), { ifAbsent: true }))).toBe(
      'precondition-failed',
    );
    expect(await kindOf(store.copy('raced', 'target', { sourceIfMatch: etag }))).toBe('precondition-failed');
    const uploadId = await store.createUpload('raced');
    const part = await store.uploadPart('raced', uploadId, 1, Buffer.from('stale'));
    expect(await kindOf(store.completeUpload('raced', uploadId, [part], stale))).toBe('precondition-failed');
    await store.abortUpload('raced', uploadId);
    expect((await store.head('raced')).etag).toBe(mine);
  });
});

async function kindOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (reason: unknown) => Failure.from(reason).kind,
  );
}
