import { newOwner } from '../intents/owner.js';
import { LINK_METADATA } from './record.js';
import { Driver, O_RDWR } from '../testing/driver.js';
import { ROOT, startFixture, type Fixture } from '../testing/fixture.js';

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

async function bytesOf(key: string): Promise<string> {
  const { body } = await fixture.store.get(key);
  return (await body.toArray()).join('');
}

async function recordKeys(): Promise<string[]> {
  return (await fixture.store.list({ prefix: '.objectfs/' })).objects.map(({ key }) => key);
}

describe('hard links', () => {
  test('are one file under all names, here and in the next mount, and each is an object', async () => {
    const d = await driver();
    await d.mkdir('dir');
    await d.writeFile('a', 'bytes');
    const { ino } = await d.stat('a');
    await d.link('a', 'dir/b');
    await d.link('dir/b', 'c');
    for (const mount of [d, await driver()]) {
      for (const name of ['a', 'dir/b', 'c']) expect(await mount.stat(name)).toMatchObject({ ino, nlink: 3 });
    }
    const ids = ['a', 'dir/b', 'c'].map(
      async (key) => (await fixture.store.head(key)).metadata[LINK_METADATA],
    );
    expect(new Set(await Promise.all(ids)).size).toBe(1);
    expect(await bytesOf('dir/b')).toBe('bytes');
  });

  test('a write, chmod or truncate through one name reaches the objects of all', async () => {
    const d = await driver();
    await d.writeFile('a', 'old');
    await d.link('a', 'b');
    const cold = await driver();
    const file = await cold.open('b', O_RDWR);
    await file.write(0, 'new bytes');
    await file.close();
    await cold.chmod('b', 0o640);
    expect([await bytesOf('a'), await bytesOf('b')]).toEqual(['new bytes', 'new bytes']);
    expect(await (await driver()).stat('a')).toMatchObject({ mode: 0o100640, sizeBytes: 9n });
  });

  test('a name that another tool overwrites or deletes is no link any more; the other is left alone', async () => {
    const d = await driver({ attributeTtlMs: 0 });
    await d.writeFile('a', 'ours');
    await d.link('a', 'b');
    await d.link('a', 'c');
    await fixture.store.put('b', Buffer.from('theirs'));
    await fixture.store.delete('c');
    expect(await d.readFile('b')).toBe('theirs');
    await expect(d.stat('c')).rejects.toMatchObject({ errno: 'ENOENT' });
    expect(await d.stat('a')).toMatchObject({ nlink: 1 });
    const file = await d.open('a', O_RDWR);
    await file.write(0, 'OURS');
    await file.close();
    expect(await bytesOf('b')).toBe('theirs');
    expect(await (await driver()).stat('a')).toMatchObject({ nlink: 1 });
  });

  test('a copy that another tool makes with all metadata is a file of its own', async () => {
    const d = await driver();
    await d.writeFile('a', 'x');
    await d.link('a', 'b');
    await fixture.store.copy('a', 'copy');
    const cold = await driver();
    expect(await cold.stat('copy')).toMatchObject({ nlink: 1 });
    expect(await cold.stat('a')).toMatchObject({ nlink: 2 });
  });

  test('leave no record when one name is left, whichever goes, also where the other was never looked up', async () => {
    for (const [gone, left] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const d = await driver();
      await d.writeFile('a', 'x');
      await d.link('a', 'b');
      const cold = await driver();
      const open = await cold.open(gone);
      await cold.unlink(gone);
      expect(await open.read(0, 10)).toBe('x');
      expect(await open.stat()).toMatchObject({ nlink: 1 });
      expect(await cold.stat(left)).toMatchObject({ nlink: 1, ino: open.ino });
      await open.close();
      await cold.unlink(left);
      await cold.fs.stop();
      expect(await recordKeys()).toEqual([]);
    }
  });

  test('of symbolic links and fifos, and none of directories', async () => {
    const d = await driver();
    await d.symlink('s', 'target');
    await d.mknod('f', 0o010644);
    await d.mkdir('d');
    await d.link('s', 's2');
    await d.link('f', 'f2');
    await expect(d.link('d', 'd2')).rejects.toMatchObject({ errno: 'EPERM' });
    const cold = await driver();
    expect(await cold.stat('s2')).toMatchObject({ nlink: 2, ino: (await cold.stat('s')).ino });
    expect(await cold.fs.readlink(await cold.ino('s2'), ROOT)).toBe('target');
    expect(await cold.stat('f2')).toMatchObject({ nlink: 2, mode: 0o010644 });
  });

  test('a rename of one name onto another does nothing', async () => {
    const d = await driver();
    await d.writeFile('a', 'x');
    await d.link('a', 'b');
    await d.rename('a', 'b');
    expect((await d.list('')).sort()).toEqual(['a', 'b']);
  });
});

test('an operation of a live mount is left alone by others, and finished after that one has stopped', async () => {
  const first = await driver();
  const record = {
    version: 1,
    owner: { mount: 'other', machine: '', pid: 1, started: '' },
    intent: { operation: 'rename-directory', from: 'old/', to: 'new/' },
  };
  await first.mkdir('old');
  await fixture.store.put('.objectfs/intents/x.json', Buffer.from(JSON.stringify(record)));
  // Nothing is known of the owner but that it may be at work.
  expect(await (await driver()).list('')).toEqual(['old']);
  const dead = { ...record, owner: { ...record.owner, machine: newOwner().machine } };
  await fixture.store.put('.objectfs/intents/x.json', Buffer.from(JSON.stringify(dead)));
  expect(await (await driver()).list('')).toEqual(['new']);
});
