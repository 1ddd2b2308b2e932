import type { ObjectStore } from '../s3/store.js';
import { Driver, O_TRUNC, O_WRONLY } from './testing/driver.js';
import { startFixture, ROOT, type Fixture } from './testing/fixture.js';

const MIB = 2 ** 20;

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  await fixture.close();
});

test('a new empty file is not saved while its writer can still write; what has bytes, or was there before, is', async () => {
  const d = new Driver(await fixture.mount());
  await d.writeFile('old', 'bytes');
  const file = await d.create('new');
  const old = await d.open('old', O_WRONLY | O_TRUNC);
  for (const { ino, handle } of [file, old]) await d.fs.flush(ino, handle, ROOT, () => true);
  await expect(fixture.store.head('new')).rejects.toMatchObject({ errno: 'ENOENT' });
  expect((await fixture.store.head('old')).sizeBytes).toBe(0);
  await file.write(0, 'x');
  await d.fs.flush(file.ino, file.handle, ROOT, () => true);
  expect((await fixture.store.head('new')).sizeBytes).toBe(1);
  await file.close();
  await old.close();
});

test('a new empty file that was opened twice is saved with the first close: the other descriptor is no copy of it', async () => {
  const d = new Driver(await fixture.mount());
  const file = await d.create('new');
  const other = await d.open('new', O_WRONLY);
  await d.fs.flush(file.ino, file.handle, ROOT, () => true);
  expect((await fixture.store.head('new')).sizeBytes).toBe(0);
  await file.close();
  await other.close();
});

test('files that are saved side by side hold no more of their bytes in memory than the budget of uploads', async () => {
  const held = { nowBytes: 0, mostBytes: 0 };
  const { store } = fixture;
  const holding = async <T>(body: unknown, run: () => Promise<T>): Promise<T> => {
    const bytes = body instanceof Uint8Array ? body.length : 0;
    held.nowBytes += bytes;
    held.mostBytes = Math.max(held.mostBytes, held.nowBytes);
    return await run().finally(() => (held.nowBytes -= bytes));
  };
  const watched: ObjectStore = {
    ...store,
    // As the SDK's client, which has each part in memory as a whole.
    takesStreams: () => false,
    put: (...args) => holding(args[1], () => store.put(...args)),
    uploadPart: (...args) => holding(args[3], () => store.uploadPart(...args)),
  };
  const memoryLimit = 64 * MIB;
  const driver = new Driver(await fixture.mount({ store: watched, memoryLimit }));
  const names = ['a', 'b', 'c', 'd'];
  const content = Buffer.alloc(12 * MIB, 'x');
  await Promise.all(names.map((name) => driver.writeFile(name, content)));
  expect(held.mostBytes).toBeGreaterThan(0);
  expect(held.mostBytes).toBeLessThanOrEqual(memoryLimit / 4);
  for (const name of names) expect((await store.head(name)).sizeBytes).toBe(content.length);
});
