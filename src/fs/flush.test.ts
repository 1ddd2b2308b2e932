import { Driver, O_TRUNC, O_WRONLY } from './testing/driver.js';
import { startFixture, ROOT, type Fixture } from './testing/fixture.js';

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
