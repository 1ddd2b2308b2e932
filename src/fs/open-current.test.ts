import { Driver } from './testing/driver.js';
import { ROOT, startFixture, type Fixture } from './testing/fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  await fixture.close();
});

/** Long enough that nothing is asked again because it has grown old. */
const LONG = { attributeTtlMs: 600_000, entryTtlMs: 600_000, negativeTtlMs: 600_000 };

/** A cold mount that has just listed the directory in which another one has left the files, and what it asks from then on. */
async function listed(files: Readonly<Record<string, string>>): Promise<{ a: Driver; b: Driver }> {
  const a = new Driver(await fixture.mount(LONG));
  for (const [name, text] of Object.entries(files)) await a.writeFile(name, text);
  const b = new Driver(await fixture.mount(LONG));
  await b.listFull('');
  fixture.requests();
  return { a, b };
}

test('a small file that a listing has shown is opened and read with one GET, and opened again with a HEAD', async () => {
  const { b } = await listed({ f: 'content' });
  const ino = await b.ino('f');
  const { handle } = await b.fs.open(ino, 0, ROOT);
  expect(Buffer.concat(await b.fs.read(ino, handle, 0n, 100, ROOT)).toString()).toBe('content');
  await b.fs.release(ino, handle);
  expect(fixture.requests()).toEqual({ GetObject: 1 });
  await b.fs.release(ino, (await b.fs.open(ino, 0, ROOT)).handle);
  expect(fixture.requests()).toEqual({ HeadObject: 1 });
});

test('an open that asks for the bytes finds that the file was replaced, and shows its new attributes', async () => {
  const { a, b } = await listed({ f: 'first', g: 'same' });
  await a.writeFile('f', 'second, and longer');
  await a.chmod('g', 0o600);
  const ino = await b.ino('f');
  await expect(b.fs.open(ino, 0, ROOT)).rejects.toMatchObject({ errno: 'ESTALE' });
  expect((await b.stat('f')).sizeBytes).toBe(18n);
  expect(await b.readFile('f')).toBe('second, and longer');
  expect((await b.stat('g')).mode).toBe(0o100644);
  expect(await b.readFile('g')).toBe('same');
  expect((await b.stat('g')).mode).toBe(0o100600);
});

test('a file that was removed is not opened from what a listing said', async () => {
  const { a, b } = await listed({ f: 'content' });
  const ino = await b.ino('f');
  await a.unlink('f');
  await expect(b.fs.open(ino, 0, ROOT)).rejects.toMatchObject({ errno: 'ESTALE' });
  await expect(b.stat('f')).rejects.toMatchObject({ errno: 'ENOENT' });
});

test.each([
  ['for writing', 0o1, 'x'],
  ['that empties the file', 0o1001, 'x'],
  ['of an empty file', 0, ''],
  ['of a file over 1 MiB', 0, 'x'.repeat(2 ** 20 + 1)],
])('an open %s asks with a HEAD', async (_what, flags, text) => {
  const { b } = await listed({ f: text });
  const ino = await b.ino('f');
  const { handle } = await b.fs.open(ino, flags, ROOT);
  expect(fixture.requests()).toEqual({ HeadObject: 1 });
  await b.fs.release(ino, handle);
});
