import { once } from 'node:events';
import { Failure } from '../errors/failure.js';
import type { ObjectStore } from '../s3/store.js';
import { Driver, O_RDWR, O_TRUNC, O_WRONLY } from './testing/driver.js';
import { startFixture, ROOT, type Fixture } from './testing/fixture.js';

const MIB = 1024 * 1024;
let fixture: Fixture;
const bytes = Buffer.from(Uint32Array.from({ length: 3 * MIB }, (_, i) => i * 2654435761).buffer);

beforeEach(async () => {
  fixture = await startFixture();
  await fixture.store.put('big', bytes);
});

afterEach(async () => {
  await fixture.close();
});

function receivedBytes(): number {
  const get = fixture.emulator.requestCounts().find(({ operation }) => operation === 'GetObject');
  return get?.bytesSent ?? 0;
}

async function parked(): Promise<number> {
  return (await fixture.store.list({ prefix: '.objectfs/' })).objects.length;
}

describe('a large object', () => {
  test('is not fetched by opening, writing, truncating or unlinking it', async () => {
    const d = new Driver(await fixture.mount());
    const file = await d.open('big', O_RDWR);
    await file.write(MIB, 'edited');
    await d.fs.setattr(file.ino, { sizeBytes: 9n * BigInt(MIB), handle: file.handle }, ROOT);
    await d.fs.setattr(file.ino, { sizeBytes: 10n * BigInt(MIB), handle: file.handle }, ROOT);
    await d.unlink('big');
    expect(receivedBytes()).toBe(0);
    const start = await file.readBytes(MIB - 10, 20);
    expect(start.toString('latin1')).toBe(
      `${bytes.subarray(MIB - 10, MIB).toString('latin1')}edited${bytes.subarray(MIB + 6, MIB + 10).toString('latin1')}`,
    );
    expect((await file.readBytes(9 * MIB, 8)).equals(Buffer.alloc(8))).toBe(true);
    expect(receivedBytes()).toBeLessThan(2 * MIB);
    await file.close();
    expect(await parked()).toBe(0);
  });

  test('that is truncated by open costs one PUT', async () => {
    const d = new Driver(await fixture.mount());
    const ino = await d.ino('big');
    fixture.requests();
    const { handle } = await d.fs.open(ino, O_WRONLY | O_TRUNC, ROOT);
    await d.fs.flush(ino, handle, ROOT);
    await d.fs.release(ino, handle);
    expect(fixture.requests()).toEqual({ PutObject: 1 });
  });

  test('that is unlinked or replaced while it is read stays readable without being fetched', async () => {
    const d = new Driver(await fixture.mount());
    await fixture.store.put('other', bytes.subarray(0, 9 * MIB));
    const unlinked = await d.open('big');
    const replaced = await d.open('other');
    await d.unlink('big');
    await d.writeFile('new', 'new');
    await d.rename('new', 'other');
    expect(receivedBytes()).toBe(0);
    expect(await parked()).toBe(2);
    for (const file of [unlinked, replaced]) {
      expect((await file.readBytes(5 * MIB, MIB)).equals(bytes.subarray(5 * MIB, 6 * MIB))).toBe(true);
    }
    await unlinked.close();
    expect(await parked()).toBe(1);
    await replaced.close();
    expect(await parked()).toBe(0);
    expect(await d.readFile('other')).toBe('new');
  });

  test('that is still parked when the mount is killed is removed by the next mount with its cache folder only', async () => {
    const cacheDir = 'shared';
    const d = new Driver(await fixture.mount({ cacheDir }));
    await d.open('big');
    await d.unlink('big');
    expect(await parked()).toBe(1);
    await fixture.mount();
    expect(await parked()).toBe(1);
    await fixture.mount({ cacheDir });
    expect(await parked()).toBe(0);
  });

  test('is read whole and right while another descriptor writes and saves it', async () => {
    const d = new Driver(await fixture.mount());
    const reader = await d.open('big');
    const writer = await d.open('big', O_RDWR);
    const same = bytes.subarray(3 * MIB, 3 * MIB + 100);
    for (let round = 0; round < 3; round += 1) {
      await writer.write(3 * MIB, same);
      const reads = [0, 4, 8].map((at) => reader.readBytes((at + round) * MIB, MIB));
      await writer.fsync();
      const got = await Promise.all(reads);
      [0, 4, 8].forEach((at, index) => {
        const from = (at + round) * MIB;
        expect(got[index]?.equals(bytes.subarray(from, from + MIB))).toBe(true);
      });
    }
    await writer.close();
    await reader.close();
  });
});

describe('an edit of a large object', () => {
  async function contentOf(key: string): Promise<Buffer> {
    const { body } = await fixture.store.get(key);
    return Buffer.concat((await body.toArray()) as Buffer[]);
  }

  function sentBytes(): number {
    const sent = fixture.emulator
      .requestCounts()
      .filter(({ operation }) => /^(PutObject|UploadPart)$/.test(operation));
    return sent.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0);
  }

  test('uploads what changed; S3 copies the rest, and the result is right', async () => {
    const d = new Driver(await fixture.mount());
    const before = sentBytes();
    const file = await d.open('big', O_RDWR);
    await file.write(6 * MIB, 'edited');
    await file.write(bytes.length, 'appended');
    await file.fsync();
    // From the edit on: what lies behind it is too short for a part of its own.
    expect(sentBytes() - before).toBe(6 * MIB + 8);
    expect(receivedBytes()).toBeLessThanOrEqual(6 * MIB);
    const expected = Buffer.concat([bytes, Buffer.from('appended')]);
    expected.write('edited', 6 * MIB);
    expect((await contentOf('big')).equals(expected)).toBe(true);
    await file.write(0, 'again');
    await file.close();
    expected.write('again');
    expect((await contentOf('big')).equals(expected)).toBe(true);
    expect(await fixture.store.listUploads()).toEqual([]);
  });

  test('is refused where another client replaced the object, and leaves no upload', async () => {
    const d = new Driver(await fixture.mount());
    const file = await d.open('big', O_RDWR);
    await file.write(0, 'mine');
    await fixture.store.put('big', Buffer.from('theirs'));
    await expect(file.flush()).rejects.toMatchObject({ errno: 'ESTALE' });
    await file.release();
    expect((await contentOf('big')).toString()).toBe('theirs');
    expect(await fixture.store.listUploads()).toEqual([]);
  });

  test('whose completion is refused leaves no upload either', async () => {
    let uploads = -1;
    const completeUpload: ObjectStore['completeUpload'] = async (...args) => {
      uploads = (await fixture.store.listUploads()).length;
      await fixture.store.put('big', Buffer.from('theirs'));
      return await fixture.store.completeUpload(...args);
    };
    const d = new Driver(await fixture.mount({ store: { ...fixture.store, completeUpload } }));
    const file = await d.open('big', O_RDWR);
    await d.fs.setattr(file.ino, { sizeBytes: 9n * BigInt(MIB), handle: file.handle }, ROOT);
    await expect(file.flush()).rejects.toMatchObject({ errno: 'ESTALE' });
    await file.release();
    expect(uploads).toBe(1);
    expect((await contentOf('big')).toString()).toBe('theirs');
    expect(await fixture.store.listUploads()).toEqual([]);
  });

  test('that is killed leaves an upload, which the next mount with its cache folder aborts', async () => {
    const cacheDir = 'shared';
    const killed = new AbortController();
    const copyPart = async (): Promise<never> => {
      if (!killed.signal.aborted) await once(killed.signal, 'abort');
      throw new Failure('cancelled', 'The process is gone');
    };
    const hanging = { ...fixture.store, copyPart };
    const d = new Driver(await fixture.mount({ cacheDir, store: hanging }));
    const file = await d.open('big', O_RDWR);
    await file.write(0, 'x');
    const flush = file.flush().catch(() => undefined);
    while ((await fixture.store.listUploads()).length === 0) await new Promise(setImmediate);
    await fixture.mount();
    expect(await fixture.store.listUploads()).toHaveLength(1);
    await fixture.mount({ cacheDir });
    expect(await fixture.store.listUploads()).toEqual([]);
    killed.abort();
    await flush;
  });
});

test('an object that is too large for one copy request keeps its bytes through chmod, rename and unlink while open', async () => {
  const d = new Driver(
    await fixture.mount({ partLimits: { copyMaxBytes: 7 * MIB, copyPartBytes: 5 * MIB } }),
  );
  await d.mkdir('dir');
  await d.fs.setattr(await d.ino('big'), { mode: 0o600 }, ROOT);
  await d.rename('big', 'dir/moved');
  await d.rename('dir', 'folder');
  const cold = new Driver(await fixture.mount());
  expect(await cold.stat('folder/moved')).toMatchObject({ mode: 0o100600, sizeBytes: BigInt(bytes.length) });
  expect(fixture.requests()['UploadPartCopy']).toBe(9);
  const file = await d.open('folder/moved');
  await d.unlink('folder/moved');
  expect((await file.readBytes(bytes.length - 100, 100)).equals(bytes.subarray(-100))).toBe(true);
  await file.close();
  expect(await parked()).toBe(0);
});
