import { Failure } from '../errors/failure.js';
import { Driver, O_RDWR, O_WRONLY, type OpenFile } from './testing/driver.js';
import { ROOT, startFixture, type Fixture } from './testing/fixture.js';

const MIB = 1024 * 1024;
const bytes = Buffer.from(Uint32Array.from({ length: 3 * MIB }, (_, i) => i * 2654435761).buffer);
let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
  await fixture.store.put('source', bytes);
});

afterEach(async () => {
  await fixture.close();
});

async function copy(
  d: Driver,
  from: OpenFile,
  offset: number,
  to: OpenFile,
  toOffset: number,
  length = Number.MAX_SAFE_INTEGER,
): Promise<number> {
  const target = { ino: to.ino, handle: to.handle, offset: BigInt(toOffset) };
  return Number(
    await d.fs.copyFileRange(from.ino, from.handle, BigInt(offset), target, BigInt(length), ROOT),
  );
}

async function contentOf(key: string): Promise<Buffer> {
  const { body } = await fixture.store.get(key);
  return Buffer.concat((await body.toArray()) as Buffer[]);
}

function bodyBytes(): number {
  const body = /^(PutObject|UploadPart|GetObject)$/;
  return fixture.emulator
    .requestCounts()
    .filter(({ operation }) => body.test(operation))
    .reduce((sum, { bytesSent, bytesReceived }) => sum + bytesSent + bytesReceived, 0);
}

async function hidden(): Promise<number> {
  return (await fixture.store.list({ prefix: '.objectfs/' })).objects.length;
}

describe('copy_file_range', () => {
  test('of a whole object moves no bytes of a body', async () => {
    const d = new Driver(await fixture.mount());
    const before = bodyBytes();
    const from = await d.open('source');
    const to = await d.create('copy');
    expect(await copy(d, from, 0, to, 0)).toBe(bytes.length);
    await to.close();
    await from.close();
    expect(bodyBytes() - before).toBe(0);
    expect((await contentOf('copy')).equals(bytes)).toBe(true);
    expect(await fixture.store.head('copy')).toMatchObject({ metadata: { mode: '33188' } });
  });

  test('puts ranges, holes and bytes that were never saved together', async () => {
    const d = new Driver(await fixture.mount());
    const from = await d.open('source', O_RDWR);
    await from.write(100, 'unsaved');
    await from.write(bytes.length + MIB, 'end');
    const to = await d.create('copy');
    await to.write(0, 'head');
    expect(await copy(d, from, 0, to, 4)).toBe(bytes.length + MIB + 3);
    expect(await copy(d, from, 6 * MIB, to, 14 * MIB, 6 * MIB)).toBe(6 * MIB);
    const expected = Buffer.concat([Buffer.from('head'), bytes, Buffer.alloc(MIB), Buffer.from('end')]);
    expected.write('unsaved', 104);
    const whole = Buffer.alloc(20 * MIB);
    expected.copy(whole);
    bytes.copy(whole, 14 * MIB, 6 * MIB, 12 * MIB);
    expect((await to.readBytes(0, 1000)).equals(whole.subarray(0, 1000))).toBe(true);
    await to.close();
    expect((await contentOf('copy')).equals(whole)).toBe(true);
    await from.close();
  });

  test.each(['unlink', 'rename over', 'rewrite', 'rename', 'chmod'])(
    'keeps what was copied when the source meets %s before the copy is saved',
    async (what) => {
      const d = new Driver(await fixture.mount());
      const from = await d.open('source');
      const to = await d.create('copy');
      await copy(d, from, 0, to, 0);
      await from.close();
      if (what === 'unlink') await d.unlink('source');
      if (what === 'rename') await d.rename('source', 'moved');
      if (what === 'chmod') await d.fs.setattr(await d.ino('source'), { mode: 0o600 }, ROOT);
      if (what === 'rewrite') await d.writeFile('source', 'new');
      if (what === 'rename over') {
        await d.writeFile('other', 'new');
        await d.rename('other', 'source');
      }
      expect((await to.readBytes(MIB, 100)).equals(bytes.subarray(MIB, MIB + 100))).toBe(true);
      await to.close();
      expect((await contentOf('copy')).equals(bytes)).toBe(true);
      expect(await hidden()).toBe(0);
    },
  );

  test('of a source that another client replaces makes close fail, and leaves neither object nor upload', async () => {
    const d = new Driver(await fixture.mount());
    const from = await d.open('source');
    const to = await d.create('copy');
    await copy(d, from, 0, to, 0);
    await fixture.store.put('source', Buffer.from('theirs'));
    await expect(to.flush()).rejects.toMatchObject({ errno: 'ESTALE' });
    await to.release();
    expect((await fixture.store.list()).objects.map(({ key }) => key)).toEqual(['source']);
    expect(await fixture.store.listUploads()).toEqual([]);
  });

  test('copies from a file that lost its name after it was saved what is on this machine', async () => {
    const d = new Driver(await fixture.mount());
    const file = await d.create('gone');
    await file.write(0, 'abcd');
    await d.fs.setattr(file.ino, { sizeBytes: 100n }, ROOT);
    await file.fsync();
    await d.unlink('gone');
    expect(await copy(d, file, 0, file, 100, 50)).toBe(50);
    const copied = await d.create('copy');
    expect(await copy(d, file, 100, copied, 0)).toBe(50);
    await file.close();
    await copied.close();
    expect(await d.readFile('copy')).toBe(`abcd${'\0'.repeat(46)}`);
  });

  test('answers as copy_file_range(2) says', async () => {
    const d = new Driver(await fixture.mount());
    const both = await d.open('source', O_RDWR);
    expect(await copy(d, both, bytes.length, both, 0)).toBe(0);
    await expect(copy(d, both, 0, both, 100, 1000)).rejects.toMatchObject({ errno: 'EINVAL' });
    expect(await copy(d, both, 0, both, 1000, 1000)).toBe(1000);
    expect((await both.readBytes(1000, 1000)).equals(bytes.subarray(0, 1000))).toBe(true);
    const reader = await d.open('source');
    const writer = await d.open('source', O_WRONLY);
    await expect(copy(d, both, 0, reader, 0)).rejects.toThrow(Failure);
    await expect(copy(d, writer, 0, both, 0)).rejects.toMatchObject({ errno: 'EBADF' });
  });
});
