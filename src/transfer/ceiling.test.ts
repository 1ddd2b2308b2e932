import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { startEmulatedStore, type EmulatedStore } from '../s3/testing/emulated-store.js';
import { withCeiling } from './ceiling.js';
import type { Pacer } from './pacing.js';

describe('a store with a ceiling', () => {
  const bytes = randomBytes(10_000);
  let server: EmulatedStore;

  beforeAll(async () => {
    server = await startEmulatedStore(['ceiling'], { client: 'lean' });
    await server.store.put('object', bytes);
  });
  afterAll(async () => {
    await server.close();
  });

  /** Writes down what was paid for. */
  function counting(): { readonly pacer: Pacer; readonly taken: number[] } {
    const taken: number[] = [];
    const take: Pacer['take'] = (sizeBytes) => {
      if (sizeBytes > 0) taken.push(sizeBytes);
      return Promise.resolve();
    };
    return { pacer: { take }, taken };
  }

  test('pays for the bytes of ranges, whole objects, objects that are written and parts', async () => {
    const { pacer, taken } = counting();
    const store = withCeiling(server.store, pacer);
    const part = await store.get('object', { range: { firstByte: 10, lastByte: 109 } });
    expect((await buffer(part.body)).equals(bytes.subarray(10, 110))).toBe(true);
    expect((await buffer((await store.get('object')).body)).equals(bytes)).toBe(true);
    await store.put('other', bytes.subarray(0, 7));
    const upload = await store.createUpload('parts');
    await store.uploadPart('parts', upload, 1, bytes.subarray(0, 9));
    await store.abortUpload('parts', upload);
    expect(taken).toEqual([100, 10_000, 7, 9]);
  });

  test('a wait that is given up ends the read', async () => {
    const refuse: Pacer['take'] = (sizeBytes) =>
      sizeBytes === 0 ? Promise.resolve() : Promise.reject(new Error('given up'));
    const store = withCeiling(server.store, { take: refuse });
    await expect(store.get('object')).rejects.toThrow('given up');
    await expect(store.put('none', bytes)).rejects.toThrow('given up');
    await expect(server.store.head('none')).rejects.toMatchObject({ kind: 'missing' });
  });

  test('without a pacer there is none', () => {
    expect(withCeiling(server.store, undefined)).toBe(server.store);
  });
});
