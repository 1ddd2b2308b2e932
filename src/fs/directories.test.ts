import pLimit from 'p-limit';
import { Driver, O_RDWR } from './testing/driver.js';
import type { Entry } from './operations.js';
import { ROOT, startFixture, type Fixture } from './testing/fixture.js';

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

describe('directories', () => {
  test('names come once, whatever the page size, and reserved ones never', async () => {
    const d = await driver();
    await d.mkdir('d');
    const names = Array.from({ length: 1005 }, (_, i) => `f${i.toString().padStart(4, '0')}`);
    const limit = pLimit(32);
    await Promise.all(names.map((name) => limit(() => fixture.store.put(`d/${name}`, Buffer.from('x')))));
    await fixture.store.put('d/sub/deep/file', Buffer.from('x'));
    await fixture.store.put('.objectfs/anything', Buffer.from('x'));
    const cold = await driver();
    expect((await cold.list('d')).sort()).toEqual([...names, 'sub'].sort());
    expect(await cold.list('')).toEqual(['d']);
    await expect(cold.stat('.objectfs')).rejects.toMatchObject({ errno: 'ENOENT' });
    await expect(cold.mkdir('.objectfs')).rejects.toMatchObject({ errno: 'EPERM' });
    expect(await cold.stat('d')).toMatchObject({ nlink: 3 });
  }, 120_000);

  test('a new file shows in a listing before it is closed', async () => {
    const d = await driver();
    const file = await d.create('a');
    expect(await d.list('')).toEqual(['a']);
    await file.close();
    expect(await d.list('')).toEqual(['a']);
  });

  test('rmdir wants an empty directory, implicit ones included', async () => {
    const d = await driver();
    await fixture.store.put('implicit/a', Buffer.from('x'));
    await expect(d.rmdir('implicit')).rejects.toMatchObject({ errno: 'ENOTEMPTY' });
    await d.unlink('implicit/a');
    expect(await d.stat('implicit')).toMatchObject({ mode: 0o040755, uid: 500 });
    await d.rmdir('implicit');
    await expect(d.stat('implicit')).rejects.toMatchObject({ errno: 'ENOENT' });
    await d.mkdir('p');
    const file = await d.create('p/pending');
    await expect(d.rmdir('p')).rejects.toMatchObject({ errno: 'ENOTEMPTY' });
    await file.close();
  });

  test('the parent has new times after create, unlink and rename, also in the next mount', async () => {
    const d = await driver();
    await d.mkdir('p');
    const times: bigint[] = [(await d.stat('p')).mtimeNs];
    await d.writeFile('p/a', 'x');
    times.push((await d.stat('p')).mtimeNs);
    await d.rename('p/a', 'p/b');
    times.push((await d.stat('p')).mtimeNs);
    await d.unlink('p/b');
    times.push((await d.stat('p')).mtimeNs);
    expect(times).toEqual([...new Set(times)].sort((a, b) => (a < b ? -1 : 1)));
    await d.fs.stop();
    expect((await (await driver()).stat('p')).mtimeNs).toBe(times.at(-1));
  });

  test('a directory hides an object of the same name, and the object stays', async () => {
    await fixture.store.put('a', Buffer.from('object'));
    await fixture.store.put('a/b', Buffer.from('child'));
    const d = await driver();
    expect(await d.list('')).toEqual(['a']);
    expect(await d.list('a')).toEqual(['b']);
    expect(await fixture.store.head('a')).toMatchObject({ sizeBytes: 6 });
  });

  test('neighbours that sort between a name and its children do not hide it', async () => {
    for (let i = 0; i < 30; i += 1) await fixture.store.put(`a-${i}`, Buffer.from('x'));
    await fixture.store.put('a/b', Buffer.from('x'));
    const d = await driver();
    expect((await d.stat('a')).mode).toBe(0o040755);
    await expect(d.stat('a-')).rejects.toMatchObject({ errno: 'ENOENT' });
  });
});

test('names of bytes that are no UTF-8 are kept byte for byte', async () => {
  const d = await driver();
  const name = 'f\udcff\udc80g';
  await d.mkdir(name);
  await d.writeFile(`${name}/x${name}`, 'x');
  const cold = await driver();
  expect(await cold.list('')).toEqual([name]);
  expect(await cold.list(name)).toEqual([`x${name}`]);
  await cold.rename(name, 'plain');
  expect(await cold.readFile(`plain/x${name}`)).toBe('x');
});

describe('requests', () => {
  test('create, write and close of a small file take two, stat within the TTL none', async () => {
    const d = await driver();
    fixture.requests();
    await d.writeFile('a', 'x');
    expect(fixture.requests()).toEqual({ ListObjectsV2: 1, PutObject: 1 });
    await d.stat('a');
    expect(fixture.requests()).toEqual({});
  });

  test('a cold stat takes a listing and a HEAD, and after a directory listing only the HEAD', async () => {
    const d = await driver();
    await d.writeFile('a', 'x');
    const cold = await driver();
    fixture.requests();
    await cold.stat('a');
    expect(fixture.requests()).toEqual({ ListObjectsV2: 1, HeadObject: 1 });
    const listed = await driver();
    await listed.list('');
    fixture.requests();
    await listed.stat('a');
    expect(fixture.requests()).toEqual({ HeadObject: 1 });
  });
});

test('a listing with attributes looks for an index, and asks for them side by side, once', async () => {
  for (let i = 0; i < 20; i += 1) await fixture.store.put(`f${i}`, Buffer.from('x'));
  const d = await driver({ attributeTtlMs: 60_000 });
  fixture.requests();
  const root = await d.ino('');
  const { handle } = await d.fs.opendir(root, 0, ROOT);
  const full: string[] = [];
  const sink = {
    add: ({ name }: { readonly name: string }, entry?: Entry): boolean => {
      if (entry !== undefined) full.push(name);
      return true;
    },
  };
  await d.fs.readdir(root, handle, 0n, true, sink, ROOT);
  expect(full).toHaveLength(20);
  await d.stat('f7');
  expect(fixture.requests()).toEqual({ ListObjectsV2: 1, GetObject: 1, HeadObject: 20 });
});

test('a prefix confines the mount', async () => {
  await fixture.store.put('other', Buffer.from('x'));
  const d = await driver({ prefix: 'p/q/' });
  await d.writeFile('a', 'x');
  expect(await d.list('')).toEqual(['a']);
  expect(await fixture.store.head('p/q/a')).toMatchObject({ sizeBytes: 1 });
});

test('a read-only mount refuses changes', async () => {
  await fixture.store.put('a', Buffer.from('x'));
  const d = await driver({ readOnly: true });
  expect(await d.readFile('a')).toBe('x');
  await expect(d.mkdir('b')).rejects.toMatchObject({ errno: 'EROFS' });
  await expect(d.open('a', O_RDWR)).rejects.toMatchObject({ errno: 'EROFS' });
  await expect(d.unlink('a')).rejects.toMatchObject({ errno: 'EROFS' });
});
