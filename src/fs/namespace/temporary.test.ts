import { Driver, O_RDWR, OpenFile } from '../testing/driver.js';
import { ROOT, startFixture, type Fixture } from '../testing/fixture.js';

describe('a file without a name (O_TMPFILE)', () => {
  let fixture: Fixture;
  let mounted: Driver;

  beforeEach(async () => {
    fixture = await startFixture();
    mounted = new Driver(await fixture.mount());
    await mounted.mkdir('d');
  });

  afterEach(async () => {
    await fixture.close();
  });

  async function temporary(mode = 0o640): Promise<OpenFile> {
    const { entry, handle } = await mounted.fs.tmpfile(await mounted.ino('d'), mode, O_RDWR, ROOT);
    return new OpenFile(mounted.fs, entry.attributes.ino, handle, ROOT);
  }

  const link = async (file: OpenFile, name: string): Promise<void> => {
    await mounted.fs.link(file.ino, await mounted.ino('d'), name, ROOT);
  };

  test('is written and read, and leaves nothing when it is closed', async () => {
    fixture.requests();
    const file = await temporary();
    await file.write(0, 'nobody sees this');
    expect(await file.read(7, 4)).toBe('sees');
    expect((await file.stat()).nlink).toBe(0);
    await file.fsync();
    await file.close();
    expect(fixture.requests()).toEqual({});
    expect(await mounted.list('d')).toEqual([]);
  });

  test('has its name and its bytes on S3 when link returns, and goes on as an ordinary file', async () => {
    const file = await temporary();
    await file.write(0, 'published');
    await link(file, 'named');
    expect(await fixture.store.head('d/named')).toMatchObject({ sizeBytes: 9 });
    const { ino, nlink, mode } = await mounted.stat('d/named');
    expect([ino, nlink, mode]).toEqual([file.ino, 1, 0o100640]);
    await file.write(9, ' twice');
    await file.close();
    const other = new Driver(await fixture.mount());
    expect(await other.readFile('d/named')).toBe('published twice');
    await mounted.link('d/named', 'd/second');
    expect((await mounted.stat('d/second')).nlink).toBe(2);
  });

  test('can be linked while it is empty', async () => {
    const file = await temporary();
    await link(file, 'empty');
    await file.close();
    expect((await fixture.store.head('d/empty')).sizeBytes).toBe(0);
  });

  test('takes no name from a file that another client has just made there', async () => {
    const file = await temporary();
    await file.write(0, 'ours');
    await mounted.list('d');
    await fixture.store.put('d/taken', Buffer.from('theirs'));
    await expect(link(file, 'taken')).rejects.toMatchObject({ kind: 'exists' });
    expect(await file.read(0, 4)).toBe('ours');
    await link(file, 'free');
    await file.close();
    expect(await mounted.readFile('d/taken')).toBe('theirs');
    expect(await mounted.readFile('d/free')).toBe('ours');
  });
});
