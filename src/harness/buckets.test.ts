import { startEmulatorProcess, type EmulatorProcess } from '../emulator/child.js';
import { createBucketAdmin, type BucketAdmin } from '../s3/admin.js';
import { createStore } from '../s3/client.js';
import type { S3Connection } from '../s3/connection.js';
import { cleanUpBucket, provisionBucket, RUN_TAG } from './buckets.js';
import { temporaryRun, type TemporaryRun } from './testing/temporary-run.js';

const signal = new AbortController().signal;

describe('buckets of a run, on the embedded server', () => {
  let emulator: EmulatorProcess;
  let connection: S3Connection;
  let admin: BucketAdmin;
  let run: TemporaryRun;

  beforeEach(async () => {
    run = await temporaryRun();
    emulator = await startEmulatorProcess({}, signal);
    const { endpoint, region, credentials } = emulator;
    connection = { endpoint, region, credentials, forcePathStyle: true };
    admin = createBucketAdmin(connection);
  });
  afterEach(async () => {
    admin.close();
    await emulator.close();
    await run.remove();
  });

  function provision() {
    return provisionBucket(run.scope, { connection, name: emulator.endpoint }, admin, 'range', signal);
  }

  test('a bucket bears suite and run in its name, the run in its tags, and stands in the ledger', async () => {
    const bucket = await provision();
    expect(bucket.name).toBe(`objectfs-range-${run.scope.runId}`);
    expect(await admin.tagsOf(bucket.name)).toEqual({ [RUN_TAG]: run.scope.runId });
    const entry = await run.ledger.findBucket(bucket.name, emulator.endpoint);
    expect(entry).toMatchObject({ state: 'open', isTagged: true });
  });

  test('removal takes objects and open uploads with it, and proves that the bucket is gone', async () => {
    const bucket = await provision();
    const store = createStore(connection, bucket.name);
    await store.put('a', Buffer.from('x'));
    await store.put('b/c', Buffer.from('y'));
    await store.createUpload('open');
    store.close();
    const cleanup = await bucket.remove();
    expect(cleanup).toEqual({ bucket: bucket.name, removedObjects: 2, removedUploads: 1, proven: true });
    expect(await admin.listBuckets()).toEqual([]);
    expect((await run.ledger.findBucket(bucket.name, emulator.endpoint))?.state).toBe('gone');
  });

  test('a bucket that the ledger does not know is refused and kept', async () => {
    await admin.create('somebody-elses');
    const cleanup = await cleanUpBucket(admin, run.ledger, 'somebody-elses', emulator.endpoint, signal);
    expect(cleanup.proven).toBe(false);
    expect(cleanup.problem).toContain('The ledger knows no bucket');
    expect(await admin.exists('somebody-elses')).toBe(true);
  });

  test('a bucket of the same name that does not bear the tag of the run is refused and kept', async () => {
    const bucket = await provision();
    await admin.remove(bucket.name);
    await admin.create(bucket.name, { tags: { [RUN_TAG]: 'another-run' } });
    const cleanup = await bucket.remove();
    expect(cleanup.problem).toContain('does not carry the tag');
    expect(await admin.exists(bucket.name)).toBe(true);
    expect((await run.ledger.findBucket(bucket.name, emulator.endpoint))?.state).toBe('left');
  });

  test('the same bucket name at another endpoint is refused', async () => {
    const bucket = await provision();
    const cleanup = await cleanUpBucket(admin, run.ledger, bucket.name, 'http://elsewhere', signal);
    expect(cleanup.problem).toContain('The ledger knows no bucket');
    expect(await admin.exists(bucket.name)).toBe(true);
  });

  test('a bucket that died between creation and tags is removed only while it is empty', async () => {
    const { runId } = run.scope;
    const at = { endpoint: emulator.endpoint, region: 'us-east-1', forcePathStyle: true };
    await run.ledger.append({ line: 'bucket', runId, bucket: 'objectfs-half-made', ...at });
    await admin.create('objectfs-half-made');
    const store = createStore(connection, 'objectfs-half-made');
    await store.put('a', Buffer.from('x'));
    const refused = await cleanUpBucket(admin, run.ledger, 'objectfs-half-made', emulator.endpoint, signal);
    expect(refused.proven).toBe(false);
    await store.delete('a');
    store.close();
    const removed = await cleanUpBucket(admin, run.ledger, 'objectfs-half-made', emulator.endpoint, signal);
    expect(removed.proven).toBe(true);
  });

  test('where the ledger can not be written no bucket is made', async () => {
    const ledger = Object.assign(Object.create(run.ledger) as typeof run.ledger, {
      path: '/dev/null/ledger',
    });
    const scope = { ...run.scope, ledger };
    await expect(
      provisionBucket(scope, { connection, name: emulator.endpoint }, admin, 'range', signal),
    ).rejects.toMatchObject({ kind: 'access-denied' });
    expect(await admin.listBuckets()).toEqual([]);
  });
});
