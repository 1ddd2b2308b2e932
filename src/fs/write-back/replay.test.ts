import { wrapStore } from '../../s3/metered.js';
import { Driver, O_RDWR, O_TRUNC } from '../testing/driver.js';
import { WriteBackBench } from './testing/gate.js';

let bench: WriteBackBench;

beforeEach(async () => {
  bench = await WriteBackBench.start();
});

afterEach(async () => {
  await bench.close();
});

describe('the next mount after a kill', () => {
  test('uploads what was closed, with attributes that were set after it', async () => {
    const { d, gate } = await bench.mount();
    gate.cut();
    await d.writeFile('a', 'bytes of a');
    await d.chmod('a', 0o600);
    await d.writeFile('empty', '');
    const open = await d.create('never-closed');
    await open.write(0, 'x');
    const next = await bench.mount();
    expect(await bench.stored('a')).toBe('bytes of a');
    expect(await bench.stored('empty')).toBe('');
    expect((await next.d.stat('a')).mode & 0o777).toBe(0o600);
    expect(await next.d.list('')).toEqual(['a', 'empty']);
    expect(await bench.journalFiles()).toEqual([]);
  });

  test('takes an upload that was done before the kill as its own', async () => {
    await bench.fixture.store.put('a', Buffer.from('old'));
    const gate = bench.gate();
    const lossy = wrapStore(gate.store, async (method, run) => {
      const answer = await run();
      if (method === 'put') gate.cut();
      return answer;
    });
    const d = new Driver(await bench.fixture.mount({ writeBack: true, cacheDir: 'cache', store: lossy }));
    const file = await d.open('a', O_RDWR | O_TRUNC);
    await file.write(0, 'new');
    await file.close();
    await d.fs.sync().catch(() => undefined);
    const before = await bench.fixture.store.head('a');
    await bench.mount();
    expect(await bench.stored('a')).toBe('new');
    expect((await bench.fixture.store.head('a')).metadata).toEqual(before.metadata);
    expect(await bench.recovered()).toEqual([]);
  });

  test('does not overwrite what another client has put there: our copy is in the recovery folder', async () => {
    await bench.fixture.store.put('a', Buffer.from('old'));
    const { d, gate } = await bench.mount();
    gate.cut();
    for (const name of ['a', 'b']) {
      const file = name === 'a' ? await d.open(name, O_RDWR | O_TRUNC) : await d.create(name);
      await file.write(0, `ours of ${name}`);
      await file.close();
    }
    await bench.fixture.store.put('a', Buffer.from('theirs'));
    await bench.fixture.store.put('b', Buffer.from('theirs'));
    const next = await bench.mount();
    expect(await next.d.readFile('a')).toBe('theirs');
    expect(await next.d.readFile('b')).toBe('theirs');
    expect([...(await bench.recovered())].sort()).toEqual(['ours of a', 'ours of b']);
    expect(await bench.journalFiles()).toEqual([]);
  });

  test('is refused while the store does not answer, and the journal stays', async () => {
    const { d, gate } = await bench.mount();
    gate.cut();
    await d.writeFile('a', 'bytes');
    const before = await bench.journalFiles();
    const out = bench.gate();
    out.cut();
    await expect(
      bench.fixture.mount({ writeBack: true, cacheDir: 'cache', store: out.store }),
    ).rejects.toMatchObject({ kind: 'unreachable' });
    expect(await bench.journalFiles()).toEqual(before);
    await bench.mount({ writeBack: false });
    expect(await bench.stored('a')).toBe('bytes');
  });

  test('uploads nothing where it may not write', async () => {
    const { d, gate } = await bench.mount();
    gate.cut();
    await d.writeFile('a', 'bytes');
    await bench.mount({ readOnly: true });
    expect((await bench.fixture.store.list()).objects).toEqual([]);
    expect(await bench.journalFiles()).toHaveLength(2);
  });
});
