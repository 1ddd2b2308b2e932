import { Failure } from '../../errors/failure.js';
import { wrapStore } from '../../s3/metered.js';
import type { InspectableFileSystem } from '../inspect.js';
import { Driver, O_RDWR, O_TRUNC } from '../testing/driver.js';
import { ROOT } from '../testing/fixture.js';
import { WriteBackBench } from './testing/gate.js';

let bench: WriteBackBench;

beforeEach(async () => {
  bench = await WriteBackBench.start();
});

afterEach(async () => {
  await bench.close();
});

function counters({ fs }: Driver): Readonly<Record<string, number>> {
  return (fs as InspectableFileSystem).inspect().cache; // `createFileSystem` makes no other
}

describe('close with write-back', () => {
  test('returns before S3 has answered; the file is read here; fsync waits for S3', async () => {
    const { d, gate } = await bench.mount();
    gate.close();
    await d.writeFile('a', 'bytes');
    expect(bench.fixture.requests()['PutObject'] ?? 0).toBe(0);
    expect(await d.readFile('a')).toBe('bytes');
    expect(await d.list('')).toEqual(['a']);
    expect(counters(d)).toMatchObject({ writeBackFiles: 1 });
    const file = await d.open('a');
    let isSaved = false;
    const saving = file.fsync().then(() => {
      isSaved = true;
    });
    await d.stat('a');
    expect(isSaved).toBe(false);
    gate.open();
    await saving;
    expect(await bench.stored('a')).toBe('bytes');
    await file.close();
    expect(counters(d)).toMatchObject({ writeBackFiles: 0, writeBackBytes: 0 });
    expect(await bench.journalFiles()).toEqual([]);
    expect(await d.readFile('a')).toBe('bytes');
  });

  test('is off by default', async () => {
    const d = new Driver(await bench.fixture.mount());
    await d.writeFile('a', 'bytes');
    expect(await bench.stored('a')).toBe('bytes');
  });

  test('waits where the journal is full, until an upload has made room', async () => {
    const { d, gate } = await bench.mount({ writeBackLimit: 10_000 });
    gate.close();
    await d.writeFile('a', 'x'.repeat(5000));
    const file = await d.create('b');
    await file.write(0, 'y'.repeat(5000));
    let isClosed = false;
    const closing = file.close().then(() => {
      isClosed = true;
    });
    await d.stat('a');
    await d.stat('b');
    expect(isClosed).toBe(false);
    expect(counters(d)['writeBackFiles']).toBe(1);
    gate.open();
    await closing;
    await d.fs.sync();
    expect((await bench.stored('b')).length).toBe(5000);
  });

  test('of a file larger than the journal returns when S3 holds it', async () => {
    const { d } = await bench.mount({ writeBackLimit: 10_000 });
    await d.writeFile('a', 'x'.repeat(20_000));
    expect((await bench.stored('a')).length).toBe(20_000);
  });

  test('is followed by a second one before the upload: S3 ends with the second content', async () => {
    const { d, gate } = await bench.mount();
    await d.writeFile('a', 'first');
    gate.cut();
    await d.writeFile('a', 'second');
    const next = await bench.mount();
    expect(await next.d.readFile('a')).toBe('second');
    expect(await bench.recovered()).toEqual([]);
  });
});

describe('a file that waits for its upload', () => {
  test('is gone for good after unlink', async () => {
    const { d, gate } = await bench.mount();
    gate.cut();
    await d.writeFile('a', 'bytes');
    const { ino } = await d.stat('a');
    expect(ino).toBeGreaterThan(0n);
    await d.unlink('a');
    expect(await bench.journalFiles()).toEqual([]);
    const next = await bench.mount();
    expect(await next.d.list('')).toEqual([]);
  });

  test('has its new name, and only that, after rename and after rename of its directory', async () => {
    const { d, gate } = await bench.mount();
    await d.mkdir('dir');
    await d.mkdir('other');
    gate.close();
    await d.writeFile('a', 'bytes of a');
    await d.writeFile('dir/b', 'bytes of b');
    const renames = [d.rename('a', 'a2'), d.rename('dir', 'dir2')];
    gate.open();
    await Promise.all(renames);
    gate.cut();
    const next = await bench.mount();
    expect((await next.d.list('')).sort()).toEqual(['a2', 'dir2', 'other']);
    expect(await next.d.readFile('a2')).toBe('bytes of a');
    expect(await next.d.readFile('dir2/b')).toBe('bytes of b');
    expect(await bench.recovered()).toEqual([]);
  });

  test('whose rename is cut off has the new name or the old one in the next mount', async () => {
    const { d, gate } = await bench.mount();
    gate.cut();
    await d.writeFile('a', 'bytes');
    await expect(d.rename('a', 'b')).rejects.toMatchObject({ kind: 'unreachable' });
    const next = await bench.mount();
    expect(await next.d.list('')).toEqual(['b']);
    expect(await next.d.readFile('b')).toBe('bytes');
  });

  test('is cut by truncate and linked as any other', async () => {
    const { d, gate } = await bench.mount();
    gate.close();
    await d.writeFile('a', 'bytes of a');
    const cutting = d.fs.setattr(await d.ino('a'), { sizeBytes: 5n }, ROOT);
    gate.open();
    await cutting;
    expect(await d.readFile('a')).toBe('bytes');
    await d.link('a', 'a-link');
    await d.fs.sync();
    expect(await bench.stored('a')).toBe('bytes');
    expect(await bench.stored('a-link')).toBe('bytes');
  });

  test('and whose key another client replaces: it is told at sync, S3 keeps theirs, ours is recovered', async () => {
    await bench.fixture.store.put('a', Buffer.from('old'));
    const { d, gate } = await bench.mount();
    gate.close();
    const file = await d.open('a', O_RDWR | O_TRUNC);
    await file.write(0, 'ours');
    await file.close();
    await bench.fixture.store.put('a', Buffer.from('theirs'));
    gate.open();
    await expect(d.fs.sync()).rejects.toMatchObject({ kind: 'stale' });
    expect(await bench.stored('a')).toBe('theirs');
    expect(await bench.recovered()).toEqual(['ours']);
    expect(await bench.journalFiles()).toEqual([]);
    expect(await d.readFile('a')).toBe('theirs');
    await d.fs.sync();
  });

  test('is uploaded when the store comes back', async () => {
    let isOut = true;
    const store = wrapStore(bench.fixture.store, async (method, run) => {
      if (isOut && method === 'put') throw new Failure('unreachable', 'out');
      return await run();
    });
    const d = new Driver(await bench.fixture.mount({ writeBack: true, cacheDir: 'cache', store }));
    await d.writeFile('a', 'bytes');
    await expect(d.fs.sync()).rejects.toThrow(/could not be saved yet/);
    expect(await d.readFile('a')).toBe('bytes');
    isOut = false;
    while ((counters(d)['writeBackFiles'] ?? 0) > 0) await new Promise(setImmediate);
    expect(await bench.stored('a')).toBe('bytes');
    expect(await bench.recovered()).toEqual([]);
  });
});
