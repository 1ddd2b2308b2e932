import { Failure } from '../errors/failure.js';
import { crc32Base64 } from './payload.js';
import type { ObjectStore } from './store.js';
import { startEmulatedStore, type EmulatedStore } from './testing/emulated-store.js';

describe.each(['sdk', 'lean'] as const)('the checksum of a whole object over the %s client', (client) => {
  const MIB = 2 ** 20;
  const first = Buffer.alloc(5 * MIB, 1);
  const second = Buffer.alloc(MIB, 2);
  const whole = crc32Base64(Buffer.concat([first, second]));
  let server: EmulatedStore;
  let store: ObjectStore;

  beforeAll(async () => {
    server = await startEmulatedStore(['whole'], { client });
    ({ store } = server);
  });

  afterAll(async () => {
    await server.close();
  });

  async function uploadParts(key: string) {
    const uploadId = await store.createUpload(key);
    const parts = [
      await store.uploadPart(key, uploadId, 1, first),
      await store.uploadPart(key, uploadId, 2, second),
    ];
    return { uploadId, parts };
  }

  test('goes with the completion, comes back with its reply, and is told by a HEAD that asks for it', async () => {
    const { uploadId, parts } = await uploadParts('right');
    const wanted = { algorithm: 'CRC32', type: 'FULL_OBJECT', value: whole };
    const result = await store.completeUpload('right', uploadId, parts, { crc32: whole });
    expect(result.checksum).toEqual(wanted);
    expect((await store.head('right', { checksum: true })).checksum).toEqual(wanted);
    expect((await store.head('right')).checksum).toBeUndefined();
  });

  test('that is wrong is refused by the server, and no object comes to be', async () => {
    const { uploadId, parts } = await uploadParts('wrong');
    const complete = store.completeUpload('wrong', uploadId, parts, { crc32: crc32Base64(second) });
    expect(Failure.from(await complete.catch((reason: unknown) => reason)).kind).toBe('bad-checksum');
    const head = store.head('wrong').catch((reason: unknown) => Failure.from(reason).kind);
    expect(await head).toBe('missing');
    await store.abortUpload('wrong', uploadId);
  });

  test('or of a part that does not fit the sum which its sender made is refused', async () => {
    const uploadId = await store.createUpload('part');
    const crc32 = crc32Base64(second);
    const part = store.uploadPart('part', uploadId, 1, first, { crc32 });
    expect(Failure.from(await part.catch((reason: unknown) => reason)).kind).toBe('bad-checksum');
    const put = store.put('part', first, { crc32 });
    expect(Failure.from(await put.catch((reason: unknown) => reason)).kind).toBe('bad-checksum');
    await store.abortUpload('part', uploadId);
  });

  test('and the length of a part are told by a HEAD of that part', async () => {
    const { uploadId, parts } = await uploadParts('parts');
    await store.completeUpload('parts', uploadId, parts);
    const head = await store.head('parts', { partNumber: 1 });
    expect(head).toMatchObject({
      sizeBytes: 6 * MIB,
      partsCount: 2,
      partSizeBytes: 5 * MIB,
    });
  });
});
