import { randomBytes } from 'node:crypto';
import type { ObjectVersion, Storage, UploadPart } from './storage.js';
import {
  BUCKET,
  PLAIN,
  STORAGE_KINDS,
  bytesOf,
  md5,
  openForTest,
  pieces,
  type StorageUnderTest,
} from './storage-under-test.js';
import { failureOf } from '../../errors/testing/failure-of.js';

describe.each(STORAGE_KINDS)('$name storage puts parts together', ({ open }) => {
  let under: StorageUnderTest;
  let storage: Storage;

  beforeEach(async () => {
    under = await openForTest(open);
    storage = under.storage;
  });

  afterEach(async () => {
    await under.end();
  });

  async function uploadOf(sizes: readonly number[]): Promise<{
    readonly bytes: Buffer;
    readonly parts: readonly UploadPart[];
    readonly complete: () => Promise<ObjectVersion>;
  }> {
    const upload = await storage.createUpload(BUCKET, 'k', { ...PLAIN, metadata: { a: 'b' } });
    const bodies = sizes.map((size) => randomBytes(size));
    const parts: UploadPart[] = [];
    for (const [at, body] of bodies.entries()) {
      parts.push(await storage.putPart(upload, at + 1, await storage.stage(pieces(body))));
    }
    return {
      bytes: Buffer.concat(bodies),
      parts,
      complete: async () => await storage.completeUpload(upload, parts),
    };
  }

  test('a multipart upload becomes one object with the ETag of its parts', async () => {
    const { bytes, parts, complete } = await uploadOf([150, 150, 7]);
    const version = await complete();
    const etags = Buffer.concat(parts.map((part) => Buffer.from(part.etag, 'hex')));
    expect(version.etag).toBe(`${md5(etags)}-3`);
    expect(version.parts?.map((part) => part.sizeBytes)).toEqual([150, 150, 7]);
    expect(version.metadata).toEqual({ a: 'b' });
    expect((await bytesOf(storage.read(version))).equals(bytes)).toBe(true);
    const middle = await bytesOf(storage.read(version, { firstByte: 140, lastByte: 305 }));
    expect(middle.equals(bytes.subarray(140, 306))).toBe(true);
    const copy = await storage.stageCopy(version);
    expect(copy.md5).toBe(md5(bytes));
    await storage.discard(copy);
    expect((await failureOf(complete())).code).toBe('NoSuchUpload');
  });

  test('parts are checked on completion', async () => {
    const upload = await storage.createUpload(BUCKET, 'k', PLAIN);
    const one = await storage.putPart(upload, 1, await storage.stage(pieces(Buffer.alloc(10))));
    const two = await storage.putPart(upload, 2, await storage.stage(pieces(Buffer.alloc(200))));
    const codeOf = async (
      parts: readonly { partNumber: number; etag: string }[],
    ): Promise<string | undefined> => (await failureOf(storage.completeUpload(upload, parts))).code;
    expect(await codeOf([two, one])).toBe('InvalidPartOrder');
    expect(await codeOf([{ partNumber: 1, etag: two.etag }])).toBe('InvalidPart');
    expect(await codeOf([{ partNumber: 3, etag: two.etag }])).toBe('InvalidPart');
    expect(await codeOf([one, two])).toBe('EntityTooSmall');
    expect(storage.listParts(upload).map((part) => part.partNumber)).toEqual([1, 2]);
    await storage.completeUpload(upload, [one]);
    expect(await under.contentOf('k')).toHaveLength(10);
  });

  test('a part that is sent again replaces the first', async () => {
    const upload = await storage.createUpload(BUCKET, 'k', PLAIN);
    await storage.putPart(upload, 1, await storage.stage(pieces(Buffer.from('first'))));
    const part = await storage.putPart(upload, 1, await storage.stage(pieces(Buffer.from('second'))));
    expect(storage.listParts(upload)).toEqual([part]);
    await storage.completeUpload(upload, [part]);
    expect(await under.contentOf('k')).toBe('second');
  });

  test('an aborted upload is gone with its parts', async () => {
    const upload = await storage.createUpload(BUCKET, 'k', PLAIN);
    await storage.putPart(upload, 1, await storage.stage(pieces(Buffer.from('x'))));
    await storage.abortUpload(upload);
    expect(storage.findUpload(BUCKET, 'k', upload.uploadId)).toBeUndefined();
    const late = await storage.stage(pieces(Buffer.from('y')));
    expect((await failureOf(storage.putPart(upload, 2, late))).code).toBe('NoSuchUpload');
  });
});
