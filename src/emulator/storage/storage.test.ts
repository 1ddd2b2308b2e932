import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Failure } from '../../errors/failure.js';
import type { ObjectDescription, ObjectVersion, Storage } from './storage.js';
import {
  BUCKET,
  PLAIN,
  STORAGE_KINDS,
  bytesOf,
  keysOf,
  md5,
  openForTest,
  pieces,
  type StorageUnderTest,
} from './storage-under-test.js';
import { failureOf } from '../../errors/testing/failure-of.js';

describe.each(STORAGE_KINDS)('$name storage keeps objects', ({ open }) => {
  let under: StorageUnderTest;
  let storage: Storage;

  beforeEach(async () => {
    under = await openForTest(open);
    storage = under.storage;
  });

  afterEach(async () => {
    await under.end();
  });

  test('buckets are listed by name and made only once', async () => {
    await storage.createBucket('a-first', 'eu-west-1');
    expect(storage.listBuckets().map((bucket) => bucket.name)).toEqual(['a-first', BUCKET]);
    expect((await failureOf(storage.createBucket(BUCKET, 'us-east-1'))).code).toBe('BucketAlreadyOwnedByYou');
    expect((await failureOf(storage.createBucket('../x', 'us-east-1'))).code).toBe('InvalidBucketName');
  });

  test('settings of a bucket are kept, and can be taken away', async () => {
    await storage.updateBucket(BUCKET, (bucket) => ({ ...bucket, tags: { a: '1' }, lifecycle: '<x/>' }));
    expect(storage.findBucket(BUCKET)).toMatchObject({ tags: { a: '1' }, lifecycle: '<x/>' });
    await storage.updateBucket(BUCKET, ({ versioning }) => ({ versioning }));
    expect(storage.findBucket(BUCKET)).not.toHaveProperty('tags');
  });

  test('a bucket with objects is not deleted, an empty one is', async () => {
    await under.put('k');
    expect((await failureOf(storage.deleteBucket(BUCKET))).code).toBe('BucketNotEmpty');
    await storage.delete(BUCKET, 'k');
    await storage.createUpload(BUCKET, 'open', PLAIN);
    await storage.deleteBucket(BUCKET);
    expect(storage.findBucket(BUCKET)).toBeUndefined();
    expect((await failureOf(storage.deleteBucket(BUCKET))).code).toBe('NoSuchBucket');
  });

  test('bytes, description and ETag come back as they were put', async () => {
    const bytes = randomBytes(300_001);
    const description: ObjectDescription = {
      metadata: { colour: 'blue' },
      headers: { 'content-type': 'text/plain' },
      storageClass: 'GLACIER_IR',
      tags: { a: 'b' },
    };
    const checksum = { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAAAA==' } as const;
    await storage.publish(BUCKET, 'k', await storage.stage(pieces(bytes, 1000)), {
      ...description,
      checksum,
    });
    const found = storage.findVersion(BUCKET, 'k');
    expect(found).toMatchObject({ ...description, checksum, etag: md5(bytes), sizeBytes: bytes.length });
    expect(found !== undefined && (await bytesOf(storage.read(found))).equals(bytes)).toBe(true);
  });

  test('an empty object has the MD5 of nothing and reads as nothing', async () => {
    const version = await under.put('empty', '');
    expect(version).toMatchObject({ sizeBytes: 0, etag: 'd41d8cd98f00b204e9800998ecf8427e' });
    expect(await bytesOf(storage.read(version))).toHaveLength(0);
  });

  test('any range reads as the same bytes of the whole', async () => {
    const bytes = randomBytes(200_000);
    const version = await under.put('k', bytes);
    const position = fc.integer({ min: 0, max: bytes.length - 1 });
    await fc.assert(
      fc.asyncProperty(position, position, async (a, b) => {
        const [firstByte, lastByte] = a < b ? [a, b] : [b, a];
        const part = await bytesOf(storage.read(version, { firstByte, lastByte }));
        expect(part.equals(bytes.subarray(firstByte, lastByte + 1))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('a read that is under way stays whole when the object is replaced and deleted', async () => {
    const bytes = randomBytes(3_000_000);
    const stream = storage.read(await under.put('k', bytes));
    const iterator = stream[Symbol.asyncIterator]();
    const first = (await iterator.next()) as IteratorYieldResult<Buffer>;
    await under.put('k', 'new');
    await storage.delete(BUCKET, 'k');
    const chunks = [first.value];
    for (let step = await iterator.next(); step.done !== true; step = await iterator.next()) {
      chunks.push(step.value as Buffer);
    }
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  test('a body that breaks off is not kept and its reason is thrown on', async () => {
    const broken = async function* (): AsyncGenerator<Uint8Array, void> {
      yield* pieces(Buffer.alloc(100_000));
      throw new Error('the client went away');
    };
    await expect(storage.stage(broken())).rejects.toThrow('the client went away');
    expect(storage.findVersion(BUCKET, 'k')).toBeUndefined();
  });

  test('an aborted body ends with the reason of the signal', async () => {
    const abort = new AbortController();
    const slow = async function* (): AsyncGenerator<Uint8Array, void> {
      yield* pieces(Buffer.alloc(10));
      abort.abort();
      yield* pieces(Buffer.alloc(10));
    };
    await expect(storage.stage(slow(), abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('a condition that refuses leaves the object and frees the new bytes', async () => {
    await under.put('k', 'old');
    const staged = await storage.stage(pieces(Buffer.from('new')));
    const refusal = new Failure('precondition-failed', 'no');
    const condition = (current: ObjectVersion | undefined): void => {
      if (current !== undefined) throw refusal;
    };
    expect(await failureOf(storage.publish(BUCKET, 'k', staged, { ...PLAIN, condition }))).toBe(refusal);
    expect(await under.contentOf('k')).toBe('old');
    await expect(storage.publish(BUCKET, 'k', staged, PLAIN)).rejects.toThrow();
  });

  test('of many writers that want to create one key, one wins', async () => {
    const condition = (current: ObjectVersion | undefined): void => {
      if (current !== undefined) throw new Failure('precondition-failed', 'exists');
    };
    const attempts = Array.from({ length: 20 }, async (_, writer) => {
      const staged = await storage.stage(pieces(Buffer.from(String(writer))));
      return await storage.publish(BUCKET, 'k', staged, { ...PLAIN, condition });
    });
    const results = await Promise.allSettled(attempts);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  });

  test('deleting without versioning removes, and deleting nothing is no error', async () => {
    await under.put('k');
    expect(await storage.delete(BUCKET, 'k')).toEqual({ deleteMarker: false });
    expect(await storage.delete(BUCKET, 'k')).toEqual({ deleteMarker: false });
    expect(storage.findVersion(BUCKET, 'k')).toBeUndefined();
  });

  test('versions pile up, a marker hides them, removing the marker brings the newest back', async () => {
    await under.setVersioning('Enabled');
    const one = await under.put('k', 'one');
    const two = await under.put('k', 'two');
    const marker = await storage.delete(BUCKET, 'k');
    expect(marker.deleteMarker).toBe(true);
    expect(storage.findVersion(BUCKET, 'k')?.deleteMarker).toBe(true);
    expect(await under.contentOf('k', one.versionId)).toBe('one');
    expect(keysOf(storage.list(BUCKET, { prefix: '', delimiter: '', after: '', maxKeys: 9 }))).toEqual([]);
    await storage.delete(BUCKET, 'k', { versionId: marker.versionId ?? '' });
    expect(storage.findVersion(BUCKET, 'k')?.versionId).toBe(two.versionId);
  });

  test('a suspended bucket replaces its null version only', async () => {
    await under.put('k', 'null one');
    await under.setVersioning('Enabled');
    const kept = await under.put('k', 'kept');
    await under.setVersioning('Suspended');
    await under.put('k', 'null two');
    expect(await under.contentOf('k')).toBe('null two');
    expect(await storage.delete(BUCKET, 'k')).toEqual({ deleteMarker: true, versionId: 'null' });
    expect(await under.contentOf('k', kept.versionId)).toBe('kept');
    const versions = storage.listVersions(BUCKET, {
      ...{ prefix: '', delimiter: '', keyMarker: '', versionIdMarker: '', maxKeys: 10 },
    });
    expect(versions.entries).toHaveLength(2);
  });

  test('tags change without changing the object', async () => {
    const before = await under.put('k');
    await storage.setTags(BUCKET, 'k', undefined, { a: '1' });
    const after = storage.findVersion(BUCKET, 'k');
    expect(after).toEqual({ ...before, tags: { a: '1' } });
    expect(await under.contentOf('k')).toBe('k');
    expect((await failureOf(storage.setTags(BUCKET, 'no', undefined, {}))).code).toBe('NoSuchKey');
  });

  test('a copy shares or copies bytes and has the MD5 of them', async () => {
    const bytes = randomBytes(10_000);
    const source = await under.put('k', bytes);
    const whole = await storage.stageCopy(source);
    expect(whole).toMatchObject({ md5: source.etag, sizeBytes: bytes.length });
    await storage.publish(BUCKET, 'copy', whole, PLAIN);
    const range = await storage.stageCopy(source, { firstByte: 10, lastByte: 19 });
    expect(range.md5).toBe(md5(bytes.subarray(10, 20)));
    await storage.discard(range);
    await storage.delete(BUCKET, 'k');
    expect(await under.contentOf('copy')).toBe(bytes.toString());
  });
});
