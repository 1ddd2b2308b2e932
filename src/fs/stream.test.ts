import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { faultyStore } from '../s3/faulty.js';
import { Driver, O_RDWR, type OpenFile } from './testing/driver.js';
import { ROOT, startFixture, type Fixture, type MountOptions } from './testing/fixture.js';

const MIB = 1024 * 1024;
const SMALL_PARTS = { partLimits: { uploadPartBytes: 5 * MIB } };
/** Room for three parts on the local disk. */
const LITTLE_ROOM = { ...SMALL_PARTS, stageLimit: 16 * MIB };
/** Some move a hundred MiB, and a machine may be busy. */
const SLOW_MS = 120_000;
let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  await fixture.close();
});

async function driver(options: MountOptions = SMALL_PARTS): Promise<Driver> {
  return new Driver(await fixture.mount(options));
}

/** Bytes that say where they are. */
function bytesAt(offset: number, length: number): Buffer {
  const words = new Uint32Array(length / 4);
  for (let i = 0; i < words.length; i += 1) words[i] = offset / 4 + i;
  return Buffer.from(words.buffer);
}

async function writeInOrder(
  file: OpenFile,
  from: number,
  to: number,
  each?: () => Promise<void>,
): Promise<void> {
  for (let at = from; at < to; at += MIB) {
    await file.write(at, bytesAt(at, MIB));
    await each?.();
  }
}

async function contentOf(key: string): Promise<Buffer> {
  const { body } = await fixture.store.get(key);
  return Buffer.concat((await body.toArray()) as Buffer[]);
}

function sentParts(): number {
  return fixture.emulator.requestCounts().find(({ operation }) => operation === 'UploadPart')?.count ?? 0;
}

/** What the stages of the first mount take on the disk. */
async function stagedBytes(): Promise<number> {
  const folder = join(fixture.folder, 'mount-1', 'stage');
  const names = await readdir(folder);
  const facts = await Promise.all(names.map((name) => stat(join(folder, name))));
  return facts.reduce((sum, { blocks }) => sum + blocks * 512, 0);
}

async function leftovers(): Promise<unknown[]> {
  return [
    ...(await fixture.store.listUploads()),
    ...(await fixture.store.list({ prefix: '.objectfs/' })).objects,
  ];
}

describe('a file that is written in order', () => {
  test(
    'is on S3 but for its tail when it is closed',
    async () => {
      const d = await driver();
      const file = await d.create('big');
      await writeInOrder(file, 0, 32 * MIB);
      while (sentParts() < 6) await new Promise(setImmediate);
      fixture.requests();
      await file.close();
      expect(fixture.requests()).toEqual({ UploadPart: 1, CompleteMultipartUpload: 1 });
      expect((await contentOf('big')).equals(bytesAt(0, 32 * MIB))).toBe(true);
      expect(await leftovers()).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    'takes no more of the local disk than the limit and its parts under way, and is right',
    async () => {
      const d = await driver(LITTLE_ROOM);
      const file = await d.create('big');
      let mostBytes = 0;
      await writeInOrder(file, 0, 64 * MIB, async () => {
        mostBytes = Math.max(mostBytes, await stagedBytes());
      });
      expect(mostBytes).toBeLessThanOrEqual(18 * MIB);
      await file.close();
      expect((await contentOf('big')).equals(bytesAt(0, 64 * MIB))).toBe(true);
      expect(await leftovers()).toEqual([]);
    },
    SLOW_MS,
  );

  test.each([SMALL_PARTS, LITTLE_ROOM])(
    'may be read and written anywhere meanwhile, cut, and grown again (%#)',
    async (options) => {
      const d = await driver(options);
      const file = await d.create('big');
      const expected = bytesAt(0, 40 * MIB);
      await writeInOrder(file, 0, 25 * MIB);
      expect((await file.readBytes(3 * MIB, 100)).equals(expected.subarray(3 * MIB, 3 * MIB + 100))).toBe(
        true,
      );
      await file.write(7 * MIB, 'changed');
      expected.write('changed', 7 * MIB);
      await writeInOrder(file, 25 * MIB, 40 * MIB);
      await file.write(39 * MIB, 'late');
      expected.write('late', 39 * MIB);
      await d.fs.setattr(file.ino, { sizeBytes: 27n * BigInt(MIB), handle: file.handle }, ROOT);
      await writeInOrder(file, 27 * MIB, 40 * MIB);
      await file.write(1, 'x');
      expected.write('x', 1);
      bytesAt(27 * MIB, 13 * MIB).copy(expected, 27 * MIB);
      await file.close();
      expect((await contentOf('big')).equals(expected)).toBe(true);
      expect(await leftovers()).toEqual([]);
    },
    SLOW_MS,
  );

  test.each([SMALL_PARTS, LITTLE_ROOM])(
    'is whole on S3 after fsync, and goes on with a copy of that on the server (%#)',
    async (options) => {
      const d = await driver(options);
      const file = await d.create('big');
      await writeInOrder(file, 0, 33 * MIB);
      await file.fsync();
      expect((await contentOf('big')).equals(bytesAt(0, 33 * MIB))).toBe(true);
      const before = sentParts();
      await writeInOrder(file, 33 * MIB, 50 * MIB);
      await file.close();
      expect(sentParts() - before).toBeLessThanOrEqual(4);
      expect((await contentOf('big')).equals(bytesAt(0, 50 * MIB))).toBe(true);
    },
    SLOW_MS,
  );

  test.each([SMALL_PARTS, LITTLE_ROOM])(
    'may be unlinked meanwhile: nothing stays (%#)',
    async (options) => {
      const d = await driver(options);
      const file = await d.create('big');
      await writeInOrder(file, 0, 24 * MIB);
      await d.unlink('big');
      expect((await fixture.store.list()).objects.filter(({ key }) => !key.startsWith('.objectfs/'))).toEqual(
        [],
      );
      expect((await file.readBytes(5 * MIB, 100)).equals(bytesAt(5 * MIB, 100))).toBe(true);
      await file.write(24 * MIB, 'more');
      await file.close();
      expect((await fixture.store.list()).objects).toEqual([]);
      expect(await leftovers()).toEqual([]);
    },
    SLOW_MS,
  );

  test.each([SMALL_PARTS, LITTLE_ROOM])(
    'may be renamed meanwhile, alone or with its directory (%#)',
    async (options) => {
      const d = await driver(options);
      await d.mkdir('dir');
      const file = await d.create('dir/big');
      await writeInOrder(file, 0, 24 * MIB);
      await d.rename('dir/big', 'dir/other');
      await writeInOrder(file, 24 * MIB, 45 * MIB);
      await d.rename('dir', 'folder');
      await writeInOrder(file, 45 * MIB, 48 * MIB);
      await file.close();
      expect((await contentOf('folder/other')).equals(bytesAt(0, 48 * MIB))).toBe(true);
      const { objects } = await fixture.store.list();
      expect(objects.map(({ key }) => key)).toEqual(['folder/', 'folder/other']);
      expect(await leftovers()).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    'keeps attributes that are set meanwhile, at the price of one copy',
    async () => {
      const d = await driver();
      const file = await d.create('big');
      await writeInOrder(file, 0, 20 * MIB);
      await d.fs.setattr(file.ino, { mode: 0o600, mtimeNs: 123_000_000_005n, handle: file.handle }, ROOT);
      await file.close();
      const cold = await driver();
      expect(await cold.stat('big')).toMatchObject({ mode: 0o100600, mtimeNs: 123_000_000_005n });
    },
    SLOW_MS,
  );

  test.each([false, true])(
    'has the time of its last write where that is asked for (%s)',
    async (exactTimes) => {
      const d = await driver({ ...SMALL_PARTS, exactTimes });
      const file = await d.create('big');
      await writeInOrder(file, 0, 20 * MIB);
      const { mtimeNs } = await file.stat();
      await file.close();
      expect((await d.stat('big')).mtimeNs === mtimeNs).toBe(exactTimes);
      expect((await (await driver()).stat('big')).mtimeNs).toBe((await d.stat('big')).mtimeNs);
      expect(fixture.requests()['CopyObject'] ?? 0).toBe(exactTimes ? 1 : 0);
    },
    SLOW_MS,
  );

  test.each([SMALL_PARTS, LITTLE_ROOM])(
    'whose parts fail makes close fail; a later try may succeed (%#)',
    async (options) => {
      let isDown = false;
      const { store } = faultyStore(fixture.store, { nth: 1, mode: 'from-then-on', methods: ['uploadPart'] });
      const uploadPart: typeof store.uploadPart = (...args) =>
        isDown ? store.uploadPart(...args) : fixture.store.uploadPart(...args);
      const d = await driver({ ...options, store: { ...fixture.store, uploadPart } });
      const file = await d.create('big');
      await writeInOrder(file, 0, 40 * MIB);
      isDown = true;
      await file.write(40 * MIB, bytesAt(40 * MIB, 3 * MIB));
      await expect(file.fsync()).rejects.toMatchObject({ errno: 'EIO' });
      isDown = false;
      await file.fsync();
      expect((await contentOf('big')).equals(bytesAt(0, 43 * MIB))).toBe(true);
      await file.close();
      expect(await leftovers()).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    'that another client makes meanwhile is not replaced',
    async () => {
      const d = await driver();
      const file = await d.create('big');
      await writeInOrder(file, 0, 40 * MIB);
      await fixture.store.put('big', Buffer.from('theirs'));
      await expect(file.flush()).rejects.toMatchObject({ errno: 'ESTALE' });
      await file.release();
      expect((await contentOf('big')).toString()).toBe('theirs');
      expect(await leftovers()).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    'leaves no upload after a crash and the next mount',
    async () => {
      const d = await driver({ ...SMALL_PARTS, cacheDir: 'shared' });
      await writeInOrder(await d.create('big'), 0, 20 * MIB);
      expect(await fixture.store.listUploads()).toHaveLength(1);
      await driver({ cacheDir: 'shared' });
      expect(await leftovers()).toEqual([]);
    },
    SLOW_MS,
  );
});

test(
  'a file that is written at random is bounded on the local disk too',
  async () => {
    await fixture.store.put('big', bytesAt(0, 32 * MIB));
    const d = await driver(LITTLE_ROOM);
    const file = await d.open('big', O_RDWR);
    const expected = bytesAt(0, 32 * MIB);
    for (let index = 0; index < 24; index += 1) {
      const at = ((index * 29) % 32) * MIB;
      await file.write(at, Buffer.alloc(MIB, index + 1));
      expected.fill(index + 1, at, at + MIB);
      expect(await stagedBytes()).toBeLessThanOrEqual(18 * MIB);
    }
    await file.close();
    expect((await contentOf('big')).equals(expected)).toBe(true);
  },
  SLOW_MS,
);
