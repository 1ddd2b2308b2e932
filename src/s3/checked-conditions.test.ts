import { Failure } from '../errors/failure.js';
import { withCheckedConditions } from './checked-conditions.js';
import { probeStore } from './probe.js';
import { deafStore, rgwLikeStore } from './testing/deaf-store.js';
import type { ObjectStore } from './store.js';
import { startEmulatedStore, type EmulatedStore } from './testing/emulated-store.js';

let server: EmulatedStore;
let direct: ObjectStore;

beforeAll(async () => {
  server = await startEmulatedStore(['conditions']);
  direct = server.store;
});

afterAll(async () => {
  await server.close();
});

async function kindOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (reason: unknown) => Failure.from(reason).kind,
  );
}

async function completion(store: ObjectStore, key: string, options: object): Promise<unknown> {
  const uploadId = await store.createUpload(key);
  const part = await store.uploadPart(key, uploadId, 1, Buffer.from('by parts'));
  try {
    return await store.completeUpload(key, uploadId, [part], options);
  } catch (reason) {
    await store.abortUpload(key, uploadId);
    throw reason;
  }
}

describe('what the probe says of a server', () => {
  test('one that ignores conditions has none', async () => {
    expect(await probeStore(deafStore(direct))).toMatchObject({
      conditionalCreate: false,
      conditionalReplace: 'none',
      conditionalComplete: false,
      conditionalCopy: false,
      multipart: true,
      copy: true,
    });
  });

  test('one that takes a tag without its quotes only is told from one that takes none', async () => {
    expect(await probeStore(rgwLikeStore(direct))).toMatchObject({
      conditionalCreate: true,
      conditionalReplace: 'bare',
      conditionalComplete: false,
      conditionalCopy: false,
    });
  });
});

describe.each([
  ['knows all', (store: ObjectStore) => store],
  ['knows none', deafStore],
  ['is like Ceph RGW', rgwLikeStore],
])('conditions on a server that %s', (name, server) => {
  let store: ObjectStore;
  const key = `key ${name}`;

  beforeAll(async () => {
    const bare = server(direct);
    store = withCheckedConditions(bare, await probeStore(bare));
  });

  test('a put replaces only what it names', async () => {
    const { etag } = await store.put(key, Buffer.from('first'));
    const second = await store.put(key, Buffer.from('second'), { ifMatch: etag });
    expect(await kindOf(store.put(key, Buffer.from('third'), { ifMatch: etag }))).toBe('precondition-failed');
    expect((await store.head(key)).etag).toBe(second.etag);
  });

  test('a put that creates does not replace', async () => {
    await store.delete(key);
    expect(await kindOf(store.put(key, Buffer.from('mine'), { ifAbsent: true }))).toBe('done');
    expect(await kindOf(store.put(key, Buffer.from('other'), { ifAbsent: true }))).toBe(
      'precondition-failed',
    );
  });

  test('a completion replaces only what it names, and creates only where nothing is', async () => {
    const { etag } = await store.put(key, Buffer.from('first'));
    expect(await kindOf(completion(store, key, { ifAbsent: true }))).toBe('precondition-failed');
    expect(await kindOf(completion(store, key, { ifMatch: etag }))).toBe('done');
    expect(await kindOf(completion(store, key, { ifMatch: etag }))).toBe('precondition-failed');
    await store.delete(key);
    expect(await kindOf(completion(store, key, { ifAbsent: true }))).toBe('done');
  });

  test('a copy takes only the source that it names', async () => {
    const { etag } = await store.put(key, Buffer.from('first'));
    const target = `${key} copy`;
    expect(await kindOf(store.copy(key, target, { sourceIfMatch: etag }))).toBe('done');
    await store.put(key, Buffer.from('second'));
    expect(await kindOf(store.copy(key, target, { sourceIfMatch: etag }))).toBe('precondition-failed');
    const uploadId = await store.createUpload(target);
    const part = store.copyPart(target, uploadId, 1, { sourceKey: key, sourceIfMatch: etag });
    expect(await kindOf(part)).toBe('precondition-failed');
    await store.abortUpload(target, uploadId);
  });
});
