import { Driver, O_RDWR } from './testing/driver.js';
import { ROOT, startFixture, type Fixture } from './testing/fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  await fixture.close();
});

/** Long enough that nothing is asked again because it has grown old. */
const LONG = { attributeTtlMs: 600_000, entryTtlMs: 600_000 };

async function driver(options: Parameters<Fixture['mount']>[0] = LONG): Promise<Driver> {
  return new Driver(await fixture.mount(options));
}

describe('two mounts', () => {
  test('an open sees what was closed before it, however long attributes may be kept', async () => {
    const [a, b] = [await driver(), await driver()];
    await a.writeFile('f', 'first');
    expect(await b.readFile('f')).toBe('first');
    await a.writeFile('f', 'second, and longer');
    expect(await b.readFile('f')).toBe('second, and longer');
    expect((await b.stat('f')).sizeBytes).toBe(18n);
  });

  test('a new name is seen at once, also in a directory that was just listed', async () => {
    const [a, b] = [await driver(), await driver()];
    expect(await b.list('')).toEqual([]);
    await expect(b.stat('new')).rejects.toMatchObject({ errno: 'ENOENT' });
    await a.writeFile('new', 'x');
    expect(await b.readFile('new')).toBe('x');
    expect(await b.list('')).toEqual(['new']);
  });

  test.each([
    [0, 0o100600],
    [600_000, 0o100644],
  ])('attributes may be %d ms old: mount.attributeTtlMs', async (attributeTtlMs, mode) => {
    const [a, b] = [await driver(), await driver({ ...LONG, attributeTtlMs })];
    await a.writeFile('f', 'x');
    expect((await b.stat('f')).mode).toBe(0o100644);
    await a.fs.setattr(await a.ino('f'), { mode: 0o600 }, ROOT);
    expect((await b.stat('f')).mode).toBe(mode);
  });

  test.each([
    [0, ['new', 'old']],
    [600_000, ['old']],
  ])('a listing may be told again for %d ms: mount.negativeTtlMs', async (negativeTtlMs, names) => {
    const [a, b] = [await driver(), await driver({ ...LONG, negativeTtlMs })];
    await a.writeFile('old', 'x');
    await b.list('');
    await a.writeFile('new', 'x');
    expect(await b.list('')).toEqual(names);
  });

  test.each([
    [0, true],
    [600_000, false],
  ])('a missing name may be told missing for %d ms: mount.negativeTtlMs', async (negativeTtlMs, isSeen) => {
    const [a, b] = [await driver(), await driver({ ...LONG, negativeTtlMs })];
    await expect(b.stat('new')).rejects.toMatchObject({ errno: 'ENOENT' });
    await a.writeFile('new', 'x');
    expect(await b.stat('new').catch(() => undefined)).toEqual(isSeen ? expect.anything() : undefined);
  });

  test('the kernel is told to drop pages that changed, attributes of what was read, and names that lead elsewhere', async () => {
    const told: string[] = [];
    const notifier = {
      invalidateInode: (ino: bigint, offset: bigint) =>
        told.push(offset < 0n ? `attributes ${ino}` : `pages ${ino} ${offset}`),
      invalidateEntry: (parent: bigint, name: string) => told.push(`name ${parent} ${name}`),
    };
    const [a, b] = [await driver(), await driver({ attributeTtlMs: 0, entryTtlMs: 0, notifier })];
    await a.writeFile('f', 'first');
    const ino = await b.ino('f');
    await a.writeFile('f', 'second');
    await b.stat('f');
    expect(told).toEqual([`pages ${ino} 0`]);
    const file = await b.open('f');
    await a.writeFile('f', 'third');
    await b.stat('f');
    expect(told).toEqual([`pages ${ino} 0`, `attributes ${ino}`, 'name 1 f']);
    await file.release();
  });

  test('who writes over what another has changed since is refused, and the other version stays', async () => {
    const [a, b] = [await driver(), await driver()];
    await a.writeFile('f', 'first');
    const file = await b.open('f', O_RDWR);
    await file.write(0, 'mine');
    await a.writeFile('f', 'other');
    await expect(file.flush()).rejects.toMatchObject({ errno: 'ESTALE' });
    expect(await a.readFile('f')).toBe('other');
    await file.release();
  });
});
