import pLimit from 'p-limit';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { Driver } from '../testing/driver.js';
import { ROOT, startFixture, type Fixture } from '../testing/fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  await fixture.close();
});

/** Requests are counted here: on a slow machine nothing may grow old meanwhile. */
async function driver(options?: Parameters<Fixture['mount']>[0]): Promise<Driver> {
  const slow = { attributeTtlMs: 600_000, entryTtlMs: 600_000 };
  return new Driver(await fixture.mount({ ...slow, ...options }));
}

async function writeMany(d: Driver, folder: string, count: number): Promise<void> {
  const limit = pLimit(16);
  const names = Array.from({ length: count }, (_, i) => `${folder}f${i.toString().padStart(4, '0')}`);
  await Promise.all(names.map((name) => limit(() => d.writeFile(name, name))));
}

/** A directory of 20 files of ours whose index has been written; the mount that made it has ended. */
async function indexed(): Promise<void> {
  const d = await driver();
  await d.mkdir('d');
  await writeMany(d, 'd/', 20);
  await d.fs.setattr(await d.ino('d/f0003'), { mode: 0o640, uid: 7 }, ROOT);
  await d.fs.stop();
}

const INDEX = '.objectfs/index/d/attributes.json.gz';

describe('the attribute index', () => {
  test('makes ls -l of own files in a cold mount two listings and one GET', async () => {
    const d = await driver();
    await d.mkdir('d');
    await writeMany(d, 'd/', 300);
    await d.fs.stop();
    const cold = await driver();
    fixture.requests();
    const listed = await cold.listFull('d');
    expect(listed.size).toBe(300);
    expect(listed.get('f0299')).toMatchObject({ sizeBytes: 7n, mode: 0o100644, uid: 0 });
    expect(fixture.requests()).toEqual({ ListObjectsV2: 2, GetObject: 1 });
  });

  test('tells what a HEAD would have told', async () => {
    await indexed();
    const cold = await driver();
    const listed = await cold.listFull('d');
    expect(listed.get('f0003')).toMatchObject({ mode: 0o100640, uid: 7 });
    await fixture.store.delete(INDEX);
    expect(listed).toEqual(await (await driver()).listFull('d'));
  });

  test.each([
    ['a copy onto itself with other metadata', { mode: '33152' }],
    ['other bytes of the same length', undefined],
  ])('is not believed after %s by another client', async (_what, metadata) => {
    await indexed();
    const { store } = fixture;
    if (metadata === undefined) await store.put('d/f0005', Buffer.from('D/F0005'));
    else await store.copy('d/f0005', 'd/f0005', { replace: { metadata } });
    const cold = await driver();
    fixture.requests();
    const listed = await cold.listFull('d');
    expect(fixture.requests()['HeadObject']).toBe(1);
    expect(listed.get('f0005')?.mode).toBe(metadata === undefined ? 0o100644 : 0o100600);
  });

  test.each([
    ['bytes that are no gzip', () => Buffer.from('nonsense')],
    [
      'another directory',
      async () => (await read('.objectfs/index/other/attributes.json.gz')) ?? Buffer.of(),
    ],
  ])('of %s is ignored, and replaced', async (_what, bytes) => {
    await indexed();
    const d = await driver();
    await d.mkdir('other');
    await writeMany(d, 'other/', 10);
    await d.fs.stop();
    await fixture.store.put(INDEX, await bytes());
    const first = await driver();
    expect((await first.listFull('d')).size).toBe(20);
    await first.fs.stop();
    const cold = await driver();
    fixture.requests();
    expect((await cold.listFull('d')).get('f0003')).toMatchObject({ uid: 7 });
    expect(fixture.requests()['HeadObject']).toBeUndefined();
  });

  test('is made for foreign objects once their attributes were asked for', async () => {
    for (let i = 0; i < 30; i += 1) await fixture.store.put(`d/x${i}`, Buffer.from('x'));
    await quietSecond();
    const d = await driver();
    fixture.requests();
    await d.listFull('d');
    expect(fixture.requests()).toMatchObject({ HeadObject: 30 });
    await d.fs.stop();
    const cold = await driver();
    fixture.requests();
    await cold.listFull('d');
    expect(fixture.requests()).toEqual({ ListObjectsV2: 2, GetObject: 1 });
  });

  test('of two mounts that write one directory keeps the rows of both', async () => {
    const [a, b] = [await driver(), await driver()];
    await a.mkdir('d');
    await writeMany(a, 'd/', 10);
    await Promise.all(Array.from({ length: 10 }, (_, i) => b.writeFile(`d/g${i}`, 'x')));
    await Promise.all([a.fs.stop(), b.fs.stop()]);
    const cold = await driver();
    fixture.requests();
    expect((await cold.listFull('d')).size).toBe(20);
    // The directory itself, whose times both have written.
    expect(fixture.requests()['HeadObject'] ?? 0).toBeLessThanOrEqual(1);
  });

  test('keeps foreign metadata, content headers and storage class through a chmod', async () => {
    const described = {
      metadata: { colour: 'red' },
      headers: { contentType: 'text/csv' },
      storageClass: 'STANDARD_IA',
    } as const;
    for (let i = 0; i < 10; i += 1) await fixture.store.put(`d/x${i}`, Buffer.from('x'), described);
    await quietSecond();
    const d = await driver();
    await d.listFull('d');
    await d.fs.stop();
    const cold = await driver();
    await cold.listFull('d');
    fixture.requests();
    await cold.fs.setattr(await cold.ino('d/x3'), { mode: 0o600 }, ROOT);
    expect(fixture.requests()).toEqual({ CopyObject: 1 });
    const head = await fixture.store.head('d/x3');
    expect(head).toMatchObject({ headers: described.headers, storageClass: 'STANDARD_IA' });
    expect(head.metadata).toMatchObject({ colour: 'red', mode: '33152' });
  });

  test('holds targets of symbolic links', async () => {
    const d = await driver();
    await d.mkdir('d');
    for (let i = 0; i < 10; i += 1) await d.symlink(`d/l${i}`, `to/${i}`);
    await d.fs.stop();
    const cold = await driver();
    await cold.listFull('d');
    fixture.requests();
    expect(await cold.fs.readlink(await cold.ino('d/l7'), ROOT)).toBe('to/7');
    expect(fixture.requests()).toEqual({});
  });

  test('goes with its directory', async () => {
    await indexed();
    expect(await read(INDEX)).toBeDefined();
    const d = await driver();
    for (const name of await d.list('d')) await d.unlink(`d/${name}`);
    await d.rmdir('d');
    await d.fs.stop();
    const { objects } = await fixture.store.list();
    expect(objects).toEqual([]);
  });

  test('is written by nobody who may not write', async () => {
    for (let i = 0; i < 10; i += 1) await fixture.store.put(`d/x${i}`, Buffer.from('x'));
    await quietSecond();
    const d = await driver({ readOnly: true });
    await d.listFull('d');
    await d.fs.stop();
    expect(await read(INDEX)).toBeUndefined();
  });

  test('is JSON that names its version and directory', async () => {
    await indexed();
    const parsed: unknown = JSON.parse(gunzipSync((await read(INDEX)) ?? '').toString());
    expect(parsed).toMatchObject({ version: 2, directory: 'd/' });
  });
});

describe('a directory that was listed', () => {
  test('answers for missing and for changed names by itself, for mount.negativeTtlMs', async () => {
    await fixture.store.put('d/a', Buffer.from('x'));
    const d = await driver({ negativeTtlMs: 600_000 });
    await d.list('d');
    fixture.requests();
    await expect(d.stat('d/missing')).rejects.toMatchObject({ errno: 'ENOENT' });
    expect(fixture.requests()).toEqual({});
    await d.writeFile('d/missing', 'x');
    expect(fixture.requests()).toEqual({ PutObject: 1 });
    await d.unlink('d/missing');
    fixture.requests();
    await expect(d.stat('d/missing')).rejects.toMatchObject({ errno: 'ENOENT' });
    expect(await d.list('d')).toEqual(['a']);
    expect(fixture.requests()).toEqual({});
  });

  test('is asked for as a whole where single questions come in a burst', async () => {
    for (let i = 0; i < 20; i += 1) await fixture.store.put(`d/x${i}`, Buffer.from('x'));
    await quietSecond();
    const first = await driver();
    await first.listFull('d');
    await first.fs.stop();
    const d = await driver();
    await d.stat('d');
    fixture.requests();
    for (let i = 0; i < 20; i += 1) await d.stat(`d/x${i}`);
    // Two names by a listing and a HEAD each, then the directory and its index.
    expect(fixture.requests()).toEqual({ ListObjectsV2: 3, HeadObject: 2, GetObject: 1 });
  });
});

async function read(key: string): Promise<Buffer | undefined> {
  try {
    return await buffer((await fixture.store.get(key)).body);
  } catch {
    return undefined;
  }
}

/** Until a HEAD is answered in another second than the last write. */
async function quietSecond(): Promise<void> {
  await fixture.store.put('clock', Buffer.of());
  for (;;) {
    const { repliedAtMs = 0, lastModifiedMs } = await fixture.store.head('clock');
    if (repliedAtMs > lastModifiedMs) break;
  }
  await fixture.store.delete('clock');
}
