import { Readable } from 'node:stream';
import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin, type BucketAdmin } from './admin.js';
import { createStore } from './client.js';
import { probeStore } from './probe.js';
import { meterStore } from './metered.js';
import { faultyStore } from './faulty.js';
import { withRetry } from './retry.js';
import type { ObjectStore } from './store.js';
import { failureOf } from '../errors/testing/failure-of.js';

let emulator: Emulator;
let admin: BucketAdmin;
let store: ObjectStore;

function connect() {
  const { endpoint, region, credentials } = emulator;
  return { endpoint, region, credentials, forcePathStyle: true };
}

beforeAll(async () => {
  emulator = await startEmulator();
  admin = createBucketAdmin(connect());
  await admin.create('contract');
  store = createStore(connect(), 'contract');
});

afterAll(async () => {
  store.close();
  admin.close();
  await emulator.close();
});

async function readText(key: string): Promise<string> {
  const { body } = await store.get(key);
  return Buffer.concat(await body.toArray()).toString();
}

describe('wrappers', () => {
  test('the probe finds what the embedded server can do and leaves nothing behind', async () => {
    const { conditionalReplace, ...others } = await probeStore(store, 'probe/');
    expect(conditionalReplace).toBe('quoted');
    expect(Object.values(others)).toEqual(Array(9).fill(true));
    expect((await store.list({ prefix: 'probe/' })).objects).toEqual([]);
  });

  test('the meter agrees with what the server counted', async () => {
    const own = await startEmulator();
    const { endpoint, region, credentials } = own;
    const connection = { endpoint, region, credentials, forcePathStyle: true };
    const meter = meterStore(createStore(connection, 'metered'));
    const metered = meter.store;
    const ownAdmin = createBucketAdmin(connection);
    await ownAdmin.create('metered');
    await metered.put('a', Buffer.alloc(1000));
    await metered.put('b', Readable.from([Buffer.alloc(300), Buffer.alloc(200)]), { sizeBytes: 500 });
    await (await metered.get('a')).body.toArray();
    await failureOf(metered.get('missing'));
    await metered.list();
    const served = own.requestCounts();
    expect(meter.counts()).toEqual([
      { operation: 'PutObject', count: 2, errors: 0, bytesSent: 1500, bytesReceived: 0 },
      { operation: 'GetObject', count: 2, errors: 1, bytesSent: 0, bytesReceived: 1000 },
      { operation: 'ListObjectsV2', count: 1, errors: 0, bytesSent: 0, bytesReceived: 0 },
    ]);
    for (const { operation, count, errors } of meter.counts()) {
      expect(served.find((entry) => entry.operation === operation)).toMatchObject({ count, errors });
    }
    metered.close();
    ownAdmin.close();
    await own.close();
  });

  test('a transient failure is retried, a final one is not', async () => {
    const once = faultyStore(store, { nth: 1, mode: 'once', kind: 'throttled' });
    await withRetry(once.store, { policy: { baseDelayMs: 1 } }).put('retried', Buffer.from('x'));
    expect(once.fired()).toBe(1);
    const denied = faultyStore(store, { nth: 1, mode: 'from-then-on', kind: 'denied' });
    expect((await failureOf(withRetry(denied.store).head('retried'))).kind).toBe('denied');
    expect(denied.fired()).toBe(1);
    const always = faultyStore(store, { nth: 1, mode: 'from-then-on', kind: 'timeout' });
    const policy = { baseDelayMs: 1, maxAttempts: 3 };
    expect((await failureOf(withRetry(always.store, { policy }).head('retried'))).kind).toBe('timeout');
    expect(always.fired()).toBe(3);
  });

  test('a conditional write whose reply was lost is not reported as a lost race', async () => {
    const policy = { baseDelayMs: 1 };
    const lost = faultyStore(store, {
      nth: 1,
      mode: 'once',
      kind: 'reset',
      when: 'lost-reply',
      methods: ['put'],
    });
    await store.delete('only-once');
    const { etag } = await withRetry(lost.store, { policy }).put('only-once', Buffer.from('mine'), {
      ifAbsent: true,
    });
    expect((await store.head('only-once')).etag).toBe(etag);
    const again = withRetry(store, { policy }).put('only-once', Buffer.from('mine'), { ifAbsent: true });
    expect((await failureOf(again)).kind).toBe('precondition-failed');
  });

  test('a completion whose reply was lost is found to be done', async () => {
    const plan = {
      nth: 1,
      mode: 'once',
      kind: 'timeout',
      when: 'lost-reply',
      methods: ['completeUpload'],
    } as const;
    const retrying = withRetry(faultyStore(store, plan).store, { policy: { baseDelayMs: 1 } });
    const uploadId = await retrying.createUpload('completed');
    const part = await retrying.uploadPart('completed', uploadId, 1, Buffer.from('all of it'));
    await retrying.completeUpload('completed', uploadId, [part]);
    expect(await readText('completed')).toBe('all of it');
  });

  test('a retry ends at once when it is cancelled', async () => {
    const { store: failing } = faultyStore(store, { nth: 1, mode: 'from-then-on' });
    const policy = { baseDelayMs: 60_000, maxDelayMs: 60_000, maxTotalMs: 600_000 };
    const controller = new AbortController();
    const pending = failureOf(withRetry(failing, { policy }).head('key', { signal: controller.signal }));
    setImmediate(() => {
      controller.abort();
    });
    expect((await pending).kind).toBe('cancelled');
  });
});
