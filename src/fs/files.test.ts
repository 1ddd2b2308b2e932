import { Driver, O_APPEND, O_EXCL, O_RDWR, O_TRUNC, O_WRONLY, type OpenFile } from './testing/driver.js';
import { startFixture, ROOT, type Fixture } from './testing/fixture.js';
import { withCheckedConditions } from '../s3/checked-conditions.js';
import type { ObjectStore } from '../s3/store.js';
import { deafStore } from '../s3/testing/deaf-store.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  await fixture.close();
});

async function driver(options?: Parameters<Fixture['mount']>[0]): Promise<Driver> {
  return new Driver(await fixture.mount(options));
}

describe('files', () => {
  test('a closed file is an object with its bytes, and a cold mount reads it', async () => {
    const d = await driver();
    await d.mkdir('dir', 0o750);
    await d.writeFile('dir/a.txt', 'hello');
    expect(await fixture.store.head('dir/a.txt')).toMatchObject({
      sizeBytes: 5,
      metadata: { mode: '33188' },
    });
    const cold = await driver();
    expect(await cold.readFile('dir/a.txt')).toBe('hello');
    expect(await cold.stat('dir')).toMatchObject({ mode: 0o040750, uid: 0 });
    expect(await cold.list('')).toEqual(['dir']);
  });

  test('an empty file that is created and closed exists', async () => {
    const d = await driver();
    await (await d.create('empty')).close();
    expect(await (await driver()).stat('empty')).toMatchObject({ sizeBytes: 0n, mode: 0o100644 });
  });

  test('the parts of a file that are not written over stay, and gaps read as zeros', async () => {
    const d = await driver();
    await d.writeFile('a', '0123456789');
    const file = await d.open('a', O_RDWR);
    await file.write(3, 'xyz');
    await file.write(12, 'end');
    expect(await file.read(0, 100)).toBe('012xyz6789\0\0end');
    await file.close();
    expect(await (await driver()).readFile('a')).toBe('012xyz6789\0\0end');
  });

  test('descriptors that append each write at the end', async () => {
    const d = await driver();
    await d.writeFile('log', 'a');
    const one = await d.open('log', O_WRONLY | O_APPEND);
    const two = await d.open('log', O_WRONLY | O_APPEND);
    await one.write(0, 'b');
    await two.write(0, 'c');
    await one.write(0, 'd');
    await one.close();
    await two.close();
    expect(await (await driver()).readFile('log')).toBe('abcd');
  });

  test('pages of a mapping go to their place, also by a descriptor that appends', async () => {
    const d = await driver();
    await d.writeFile('log', 'abcd');
    const log = await d.open('log', O_RDWR | O_APPEND);
    await d.fs.write(log.ino, log.handle, 0n, Buffer.from('AB'), ROOT, true);
    await log.close();
    expect(await (await driver()).readFile('log')).toBe('ABcd');
  });

  test('an empty file that lost its name is read as empty', async () => {
    const d = await driver();
    await d.writeFile('a', '');
    const file = await d.open('a');
    await d.unlink('a');
    expect(await file.read(0, 10)).toBe('');
    await file.close();
  });

  test('exclusive creation of a name that exists fails, truncating open empties it', async () => {
    const d = await driver();
    await d.writeFile('a', 'abc');
    await expect(d.create('a', 0o600, O_RDWR | O_EXCL)).rejects.toMatchObject({ kind: 'exists' });
    await (await d.open('a', O_WRONLY | O_TRUNC)).close();
    expect(await fixture.store.head('a')).toMatchObject({ sizeBytes: 0 });
  });

  test('truncate works both ways, with and without an open descriptor', async () => {
    const d = await driver();
    await d.writeFile('a', '0123456789');
    await d.fs.setattr(await d.ino('a'), { sizeBytes: 4n }, ROOT);
    expect(await fixture.store.head('a')).toMatchObject({ sizeBytes: 4 });
    await d.fs.setattr(await d.ino('a'), { sizeBytes: 6n }, ROOT);
    expect(await d.readFile('a')).toBe('0123\0\0');
    const file = await d.open('a', O_RDWR);
    await d.fs.setattr(file.ino, { sizeBytes: 2n, handle: file.handle }, ROOT);
    await file.close();
    expect(await (await driver()).readFile('a')).toBe('01');
  });

  test('fsync returns only when another mount sees the bytes', async () => {
    const d = await driver();
    const file = await d.create('a');
    await file.write(0, 'x'.repeat(9 * 1024 * 1024));
    await file.fsync();
    expect(await (await driver()).stat('a')).toMatchObject({ sizeBytes: 9n * 1024n * 1024n });
    await file.close();
  });

  test('a file of several blocks reads back the same, cold, in any piece', async () => {
    const d = await driver();
    const bytes = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 7919) % 253));
    await d.writeFile('big', bytes);
    const file = await (await driver()).open('big');
    for (const [offset, length] of [
      [0, 131_072],
      [131_072, 131_072],
      [262_144, 131_072],
      [2_999_990, 100],
      [131_071, 2],
      [1_000_000, 1_500_000],
    ] as const) {
      expect((await file.readBytes(offset, length)).equals(bytes.subarray(offset, offset + length))).toBe(
        true,
      );
    }
    expect(await file.read(3_000_000, 10)).toBe('');
  });

  test('an unlinked open file stays readable, has no links, and does not come back', async () => {
    const d = await driver();
    await d.writeFile('a', 'still here');
    const reader = await d.open('a');
    const writer = await d.open('a', O_RDWR);
    await writer.write(0, 'STILL');
    await d.unlink('a');
    await writer.write(6, 'HERE');
    expect(await reader.read(0, 20)).toBe('STILL HERE');
    expect((await reader.stat()).nlink).toBe(0);
    await writer.close();
    await reader.close();
    expect(await d.list('')).toEqual([]);
    await expect(fixture.store.head('a')).rejects.toMatchObject({ kind: 'missing' });
  });

  test('a file renamed while it is written is saved under its new name only', async () => {
    const d = await driver();
    const file = await d.create('tmp');
    await file.write(0, 'one');
    await d.rename('tmp', 'final');
    await file.write(3, ' two');
    await file.close();
    expect(await (await driver()).readFile('final')).toBe('one two');
    expect(await (await driver()).list('')).toEqual(['final']);
  });

  test('fallocate grows, keeps the size, zeros and punches', async () => {
    const d = await driver();
    const file = await d.create('a');
    await file.write(0, 'abcdefgh');
    const allocate = (mode: number, at: bigint, length: bigint): Promise<void> =>
      d.fs.fallocate(file.ino, file.handle, mode, at, length, ROOT);
    await allocate(0, 0n, 10n);
    await allocate(1, 0n, 100n);
    await allocate(3, 1n, 2n);
    await allocate(0x10, 6n, 6n);
    expect(await file.read(0, 100)).toBe('a\0\0def\0\0\0\0\0\0');
    await file.close();
  });

  test('lseek tells data and holes of a file that is written, and of others data up to the end', async () => {
    const d = await driver();
    const file = await d.create('a');
    await file.write(0, 'abc');
    await file.write(10_000, 'def');
    await d.fs.setattr(file.ino, { sizeBytes: 20_000n, handle: file.handle }, ROOT);
    const seek = (from: OpenFile, offset: bigint, whence: number): Promise<bigint> =>
      d.fs.lseek(from.ino, from.handle, offset, whence, ROOT);
    expect(await seek(file, 1n, 3)).toBe(1n);
    expect(await seek(file, 1n, 4)).toBe(3n);
    expect(await seek(file, 3n, 3)).toBe(10_000n);
    expect(await seek(file, 10_001n, 4)).toBe(10_003n);
    await expect(seek(file, 10_003n, 3)).rejects.toMatchObject({ errno: 'ENXIO' });
    await expect(seek(file, 20_000n, 4)).rejects.toMatchObject({ errno: 'ENXIO' });
    await file.close();
    const cold = await d.open('a');
    expect(await seek(cold, 5000n, 3)).toBe(5000n);
    expect(await seek(cold, 5000n, 4)).toBe(20_000n);
  });

  test('a file of 1 TiB of holes costs nothing while it is open; more holes than allowed are refused at close', async () => {
    const TIB = 2 ** 40;
    const d = await driver();
    const file = await d.create('sparse');
    fixture.requests();
    await d.fs.setattr(file.ino, { sizeBytes: BigInt(TIB), handle: file.handle }, ROOT);
    await file.write(TIB - 3, 'end');
    expect(await file.read(TIB - 5, 10)).toBe('\0\0end');
    expect(await file.read(TIB / 2, 2)).toBe('\0\0');
    await expect(file.flush()).rejects.toMatchObject({ errno: 'EFBIG' });
    expect(fixture.requests()).toEqual({});
    await d.fs.setattr(file.ino, { sizeBytes: 5n, handle: file.handle }, ROOT);
    await file.close();
    expect(await d.readFile('sparse')).toBe('\0\0\0\0\0');
    const small = await driver({ holeLimit: 100 });
    const holes = await small.create('holes');
    await holes.write(101, 'x');
    await expect(holes.flush()).rejects.toMatchObject({ errno: 'EFBIG' });
    await holes.write(0, 'y');
    await holes.close();
  });

  test('a small file costs at most one request to look for it and one to save it, and none to stat it again', async () => {
    const d = await driver();
    await d.mkdir('dir');
    await d.stat('dir');
    fixture.requests();
    await d.writeFile('dir/small', 'x'.repeat(4096));
    const { PutObject: puts = 0, ...lookups } = fixture.requests();
    expect(puts).toBe(1);
    expect(Object.values(lookups).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(1);
    await d.stat('dir/small');
    expect(fixture.requests()).toEqual({});
  });
});

describe('other clients', () => {
  test('an object replaced while it is open gives an error, never a mix; the name leads to the new one', async () => {
    const d = await driver({ attributeTtlMs: 0 });
    await d.writeFile('a', 'x'.repeat(3_000_000));
    const cold = await driver({ attributeTtlMs: 0 });
    const file = await cold.open('a');
    expect(await file.read(0, 10)).toBe('xxxxxxxxxx');
    await fixture.store.put('a', Buffer.from('y'.repeat(3_000_000)));
    expect(await file.read(10, 10)).toBe('xxxxxxxxxx');
    await expect(file.read(2_900_000, 10)).rejects.toMatchObject({ errno: 'ESTALE' });
    expect(await cold.readFile('a')).toBe('y'.repeat(3_000_000));
    await expect(file.read(2_900_000, 10)).rejects.toMatchObject({ errno: 'ESTALE' });
  });

  test.each([true, false])('a lost update is refused (conditional writes: %s)', async (conditionalWrites) => {
    const d = await driver({ store: conditionalWrites ? fixture.store : checkedByHead(fixture.store) });
    await d.writeFile('a', 'old');
    const file = await d.open('a', O_RDWR);
    await file.write(0, 'mine');
    await fixture.store.put('a', Buffer.from('theirs'));
    await expect(file.flush()).rejects.toMatchObject({
      errno: 'ESTALE',
      message: expect.stringMatching(/recovery/) as string,
    });
    await file.release();
    expect(await d.readFile('a')).toBe('theirs');
  });

  test.each([true, false])(
    'a change of mode tells the size of what another client put there (conditional copies: %s)',
    async (conditionalCopies) => {
      const d = await driver({
        attributeTtlMs: 60_000,
        store: conditionalCopies ? fixture.store : checkedByHead(fixture.store),
      });
      await d.writeFile('a', 'mine');
      const ino = await d.ino('a');
      await fixture.store.put('a', Buffer.from('what they have put'));
      await d.fs.setattr(ino, { mode: 0o600 }, ROOT);
      expect((await d.stat('a')).sizeBytes).toBe(18n);
      expect(await d.readFile('a')).toBe('what they have put');
    },
  );

  test('a new file does not replace one that another client made meanwhile', async () => {
    const d = await driver();
    const file = await d.create('a');
    await file.write(0, 'mine');
    await fixture.store.put('a', Buffer.from('theirs'));
    await expect(file.flush()).rejects.toMatchObject({ errno: 'ESTALE' });
    await file.release();
    expect(await d.readFile('a')).toBe('theirs');
  });
});

/** The file system's store over a server that knows no conditions. */
function checkedByHead(store: ObjectStore): ObjectStore {
  return withCheckedConditions(deafStore(store), {
    conditionalCreate: false,
    conditionalReplace: 'none',
    conditionalComplete: false,
    conditionalCopy: false,
  });
}
