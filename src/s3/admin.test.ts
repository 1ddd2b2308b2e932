import { startEmulator, type Emulator } from '../emulator/emulator.js';
import { createBucketAdmin, type BucketAdmin } from './admin.js';
import { createStore } from './client.js';
import { failureOf } from '../errors/testing/failure-of.js';

let emulator: Emulator;
let admin: BucketAdmin;

function connect() {
  const { endpoint, region, credentials } = emulator;
  return { endpoint, region, credentials, forcePathStyle: true };
}

beforeAll(async () => {
  emulator = await startEmulator();
  admin = createBucketAdmin(connect());
  await admin.create('contract');
});

afterAll(async () => {
  admin.close();
  await emulator.close();
});

describe('bucket administration', () => {
  test('a bucket is created with tags and expiry, found, and removed', async () => {
    expect(await admin.create('tagged', { tags: { run: '1' }, expireAfterDays: 1 })).toEqual({
      isTagged: true,
      expires: true,
    });
    expect((await admin.listBuckets()).map(({ name }) => name)).toContain('tagged');
    expect([await admin.exists('tagged'), await admin.tagsOf('tagged')]).toEqual([true, { run: '1' }]);
    expect((await failureOf(admin.create('tagged'))).kind).toBe('bucket-exists');
    await admin.remove('tagged');
    expect(await admin.exists('tagged')).toBe(false);
    expect((await failureOf(admin.remove('tagged'))).kind).toBe('missing-bucket');
    expect(await admin.tagsOf('contract')).toEqual({});
  });

  test('objects of any name and open uploads are emptied, counted and proven gone', async () => {
    await admin.create('full');
    const full = createStore(connect(), 'full');
    const keys = ['a', 'b/c', 'control\u0001', '\ufffe', 'cr\r', '<&>'];
    for (const key of keys) await full.put(key, Buffer.from('x'));
    await full.createUpload('open');
    expect((await failureOf(admin.remove('full'))).kind).toBe('bucket-not-empty');
    expect(await admin.empty('full')).toEqual({ objects: 6, versions: 0, deleteMarkers: 0, uploads: 1 });
    await admin.remove('full');
    full.close();
  });
});
