import type { ObjectStore } from '../s3/store.js';
import { DirectoryWindow } from './directory-window.js';
import type { DirectoryEntry } from './operations.js';
import { Driver } from './testing/driver.js';
import { ROOT, startFixture, type Fixture } from './testing/fixture.js';

const PAGE = 10;
const FILES = 200;

describe('the names of an open directory', () => {
  let fixture: Fixture;
  let store: ObjectStore;

  beforeEach(async () => {
    fixture = await startFixture();
    // A server whose pages are small.
    store = { ...fixture.store, list: (options) => fixture.store.list({ ...options, maxKeys: PAGE }) };
  });

  afterEach(async () => {
    await fixture.close();
  });

  const nameOf = (index: number): string => `f${index.toString().padStart(4, '0')}`;

  async function fill(): Promise<void> {
    const indexes = Array.from({ length: FILES }, (_, index) => index);
    await Promise.all(indexes.map((index) => fixture.store.put(`d/${nameOf(index)}`, Buffer.from('x'))));
  }

  /** What readdir(3) gives from a place on, without `.` and `..`. */
  async function read(mounted: Driver, handle: bigint, cookie: bigint, most = Infinity) {
    const ino = await mounted.ino('d');
    const all: DirectoryEntry[] = [];
    for (let taken = -1, next = cookie; taken !== 0 && all.length < most;) {
      taken = 0;
      const add = (entry: DirectoryEntry): boolean => {
        if (taken === 7 || all.length >= most) return false;
        taken += 1;
        next = entry.nextCookie;
        all.push(entry);
        return true;
      };
      // The handle is what opendir has given.
      await mounted.fs.readdir(ino, handle as never, next, false, { add }, ROOT);
    }
    return all.filter(({ name }) => !name.startsWith('.'));
  }

  test('tell of a file that was open when they began and is closed before they end', async () => {
    await fill();
    const mounted = new Driver(await fixture.mount({ store }));
    const file = await mounted.create('d/a-first');
    const { handle } = await mounted.fs.opendir(await mounted.ino('d'), 0, ROOT);
    const first = await read(mounted, handle, 0n, PAGE);
    await file.close();
    const rest = await read(mounted, handle, first.at(-1)?.nextCookie ?? 0n);
    const names = [...first, ...rest].map(({ name }) => name);
    expect(names.filter((name) => name === 'a-first')).toHaveLength(1);
    expect(names).toHaveLength(FILES + 1);
  });

  test('come once each, and only some pages of them are held', async () => {
    await fill();
    const mounted = new Driver(await fixture.mount({ store }));
    const { handle } = await mounted.fs.opendir(await mounted.ino('d'), 0, ROOT);
    fixture.requests();
    const names = (await read(mounted, handle, 0n)).map(({ name }) => name);
    expect(names).toEqual(Array.from({ length: FILES }, (_, index) => nameOf(index)));
    expect(fixture.requests()).toEqual({ ListObjectsV2: FILES / PAGE });
    const window = new DirectoryWindow();
    for (let page = 0; page < 1000; page += 1) {
      const listed = Array.from({ length: PAGE }, (_, index) => ({
        name: nameOf(page * PAGE + index),
        type: 0,
      }));
      const origin = { inOverflow: false, startAfter: undefined, last: nameOf(page * PAGE + PAGE - 1) };
      window.add(listed, origin);
      expect(window.held).toBeLessThanOrEqual(3 * PAGE);
    }
    expect(window.length).toBe(1000 * PAGE);
  });

  test('keep their places when somebody goes back, whatever came and went meanwhile', async () => {
    await fill();
    const mounted = new Driver(await fixture.mount({ store, entryTtlMs: 0, attributeTtlMs: 0 }));
    const { handle } = await mounted.fs.opendir(await mounted.ino('d'), 0, ROOT);
    const all = await read(mounted, handle, 0n);
    for (const index of [20, 24, 25, 26, 33]) await fixture.store.delete(`d/${nameOf(index)}`);
    await fixture.store.put(`d/${nameOf(21)}-new`, Buffer.from('x'));
    await fixture.store.put(`d/${nameOf(27)}-new`, Buffer.from('x'));
    const place = all[22]?.nextCookie ?? 0n;
    const again = await read(mounted, handle, place, 12);
    const expected = [23, 27, 28, 29, 30, 31, 32, 34, 35, 36, 37, 38].map(nameOf);
    expect(again.map(({ name }) => name)).toEqual(expected);
    expect(again.map(({ nextCookie }) => nextCookie)).toEqual(
      expected.map((name) => all.find((entry) => entry.name === name)?.nextCookie),
    );
    const rest = await read(mounted, handle, again.at(-1)?.nextCookie ?? 0n);
    expect(rest.map(({ name }) => name)).toEqual(all.slice(39).map(({ name }) => name));
    const fresh = (await read(mounted, handle, 0n)).map(({ name }) => name);
    expect(fresh).toContain(`${nameOf(21)}-new`);
    expect(fresh).toHaveLength(FILES - 3);
  });

  test('come once where an object and a directory of one name lie pages apart', async () => {
    await fixture.store.put('d/a', Buffer.from('x'));
    await fixture.store.put('d/a-', Buffer.from('x'));
    for (let index = 0; index < 35; index += 1) {
      await fixture.store.put(`d/a-${nameOf(index)}`, Buffer.from('x'));
    }
    await fixture.store.put('d/a-/x', Buffer.from('x'));
    await fixture.store.put('d/a/x', Buffer.from('x'));
    const mounted = new Driver(await fixture.mount({ store }));
    const names = await mounted.list('d');
    expect(names).toHaveLength(37);
    expect(new Set(names).size).toBe(37);
  });

  test('of a file that is still only here come last, and once', async () => {
    await fill();
    const mounted = new Driver(await fixture.mount({ store }));
    const file = await mounted.create('d/a-first');
    const names = await mounted.list('d');
    expect(names.at(-1)).toBe('a-first');
    expect(names).toHaveLength(FILES + 1);
    await file.close();
  });
});
