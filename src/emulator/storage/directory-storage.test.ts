import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryStorage } from './directory-storage.js';
import type { Storage } from './storage.js';
import { BUCKET, bytesOf, pieces, PLAIN } from './storage-under-test.js';
import { failureOf } from '../../errors/testing/failure-of.js';

describe('a data folder', () => {
  let folder: string;
  let data: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objectfs-data-'));
    data = join(folder, 'data');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function countBlobs(): Promise<number> {
    const entries = await readdir(join(data, 'blobs'), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).length;
  }

  async function put(storage: Storage, key: string, text: string): Promise<void> {
    await storage.publish(BUCKET, key, await storage.stage(pieces(Buffer.from(text))), PLAIN);
  }

  test('holds buckets, versions, tags and uploads over a restart', async () => {
    const first = await createDirectoryStorage(data, { minimumPartBytes: 1 });
    await first.createBucket(BUCKET, 'eu-west-1');
    await first.updateBucket(BUCKET, () => ({ versioning: 'Enabled', lifecycle: '<l/>' }));
    await put(first, 'dir/\u00e9\u{1f600}', 'one');
    await put(first, 'dir/\u00e9\u{1f600}', 'two');
    await first.setTags(BUCKET, 'dir/\u00e9\u{1f600}', undefined, { a: '1' });
    await put(first, 'gone', 'x');
    await first.delete(BUCKET, 'gone');
    const upload = await first.createUpload(BUCKET, 'big', PLAIN);
    const part = await first.putPart(upload, 1, await first.stage(pieces(Buffer.from('part'))));
    const all = { prefix: '', delimiter: '', keyMarker: '', versionIdMarker: '', maxKeys: 99 };
    const before = first.listVersions(BUCKET, all);
    const bucket = first.findBucket(BUCKET);
    await first.close();

    const second = await createDirectoryStorage(data, { minimumPartBytes: 1 });
    expect(second.findBucket(BUCKET)).toEqual(bucket);
    expect(second.listVersions(BUCKET, all)).toEqual(before);
    const found = second.findUpload(BUCKET, 'big', upload.uploadId);
    expect(found).toEqual(upload);
    const version = await second.completeUpload(upload, [part]);
    expect((await bytesOf(second.read(version))).toString()).toBe('part');
    await put(second, 'dir/\u00e9\u{1f600}', 'three');
    const newest = second.findVersion(BUCKET, 'dir/\u00e9\u{1f600}');
    expect(newest?.etag).not.toBe(
      before.entries[0]?.kind === 'version' ? before.entries[0].version.etag : '',
    );
    await second.close();
  });

  test('frees the bytes of what is replaced, deleted, aborted or discarded', async () => {
    const storage = await createDirectoryStorage(data);
    await storage.createBucket(BUCKET, 'us-east-1');
    await put(storage, 'k', 'one');
    await put(storage, 'k', 'two');
    expect(await countBlobs()).toBe(1);
    const upload = await storage.createUpload(BUCKET, 'k', PLAIN);
    await storage.putPart(upload, 1, await storage.stage(pieces(Buffer.from('x'))));
    await storage.abortUpload(upload);
    await storage.discard(await storage.stage(pieces(Buffer.from('y'))));
    await storage.delete(BUCKET, 'k');
    expect(await countBlobs()).toBe(0);
    await storage.close();
  });

  test('a crash after completion but before the parts were forgotten loses and doubles nothing', async () => {
    const first = await createDirectoryStorage(data);
    await first.createBucket(BUCKET, 'us-east-1');
    const upload = await first.createUpload(BUCKET, 'k', PLAIN);
    const part = await first.putPart(upload, 1, await first.stage(pieces(Buffer.from('part'))));
    const path = join(data, 'buckets', BUCKET, 'uploads', upload.uploadId);
    await first.completeUpload(upload, [part]);
    await first.close();
    await writeFile(`${path}.json`, JSON.stringify(upload));
    await writeFile(`${path}.1.json`, JSON.stringify(part));

    const second = await createDirectoryStorage(data);
    await second.abortUpload(upload);
    const version = second.findVersion(BUCKET, 'k');
    expect(version !== undefined && (await bytesOf(second.read(version))).toString()).toBe('part');
    await second.close();
  });

  test('leftovers of a crash are removed: scratch files, bodies without record, half a bucket, a dead lock', async () => {
    const first = await createDirectoryStorage(data);
    await first.createBucket(BUCKET, 'us-east-1');
    await first.stage(pieces(Buffer.from('never published')));
    await first.close();
    await writeFile(join(data, 'scratch', 'torn'), 'half');
    await mkdir(join(data, 'buckets', 'half-made', 'uploads'), { recursive: true });
    await writeFile(join(data, 'buckets', BUCKET, 'uploads', 'lost.3.json'), '{}');
    await writeFile(join(data, 'lock'), `${process.pid} 1\n`);

    const second = await createDirectoryStorage(data);
    expect(await countBlobs()).toBe(0);
    expect(await readdir(join(data, 'scratch'))).toEqual([]);
    expect(await readdir(join(data, 'buckets'))).toEqual([BUCKET]);
    expect(await readdir(join(data, 'buckets', BUCKET, 'uploads'))).toEqual([]);
    await second.close();
  });

  test('is refused when it is a file, when it holds other things, or when it is in use', async () => {
    await writeFile(join(folder, 'file'), 'x');
    expect((await failureOf(createDirectoryStorage(join(folder, 'file')))).message).toMatch(
      /is not a folder/,
    );
    expect((await failureOf(createDirectoryStorage(folder))).message).toMatch(/holds other files/);
    expect(await readdir(folder)).toEqual(['file']);
    const open = await createDirectoryStorage(data);
    expect((await failureOf(createDirectoryStorage(data))).message).toMatch(/is in use/);
    await open.close();
    await (await createDirectoryStorage(data)).close();
  });

  test('of a later format is refused and left alone', async () => {
    await mkdir(data);
    await writeFile(join(data, 'objectfs-data.json'), '{"product":"objectfs","format":99}\n');
    expect((await failureOf(createDirectoryStorage(data))).message).toMatch(/another format/);
    expect(await readdir(data)).toEqual(['objectfs-data.json']);
  });
});
