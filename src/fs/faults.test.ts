import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { faultyStore, type FaultPlan } from '../s3/faulty.js';
import { Driver, O_RDWR } from './testing/driver.js';
import { ROOT, startFixture, type Fixture } from './testing/fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture();
});

afterEach(async () => {
  await fixture.close();
});

async function faultyDriver(plan: FaultPlan): Promise<{ readonly d: Driver; readonly fired: () => number }> {
  const faulty = faultyStore(fixture.store, plan);
  return { d: new Driver(await fixture.mount({ store: faulty.store })), fired: () => faulty.fired() };
}

async function recoveryFiles(): Promise<string[]> {
  const folder = join(fixture.folder, 'mount-1', 'recovery');
  return (await readdir(folder).catch(() => [])).map((name) => join(folder, name));
}

describe('a failed upload', () => {
  test('is an error at close that says where the bytes are; they are there, and S3 keeps the old ones', async () => {
    await fixture.store.put('a', Buffer.from('old'));
    const { d } = await faultyDriver({ nth: 1, mode: 'from-then-on', methods: ['put'] });
    const file = await d.open('a', O_RDWR);
    await file.write(0, 'new bytes');
    await expect(file.flush()).rejects.toMatchObject({
      errno: 'EIO',
      message: expect.stringMatching(/its bytes are in .*recovery/) as string,
    });
    await file.release();
    const [kept = '', note = ''] = await recoveryFiles();
    expect(await readFile(kept, 'utf8')).toBe('new bytes');
    expect(JSON.parse(await readFile(note, 'utf8'))).toMatchObject({ key: 'a', bucket: 'fs-test' });
    expect(await d.readFile('a')).toBe('old');
  });

  test('that is tried again with success leaves nothing behind', async () => {
    const { d } = await faultyDriver({ nth: 1, mode: 'once', methods: ['put'] });
    const file = await d.create('a');
    await file.write(0, 'one');
    await expect(file.fsync()).rejects.toMatchObject({ errno: 'EIO' });
    expect(await recoveryFiles()).toHaveLength(2);
    await file.write(3, ' two');
    await file.fsync();
    await file.close();
    expect(await recoveryFiles()).toEqual([]);
    expect(await d.readFile('a')).toBe('one two');
  });

  test('at unmount is told by stop', async () => {
    const { d } = await faultyDriver({ nth: 1, mode: 'from-then-on', methods: ['put'] });
    const file = await d.create('a');
    await file.write(0, 'x');
    await expect(d.fs.stop()).rejects.toThrow(/a could not be saved/);
    expect(await recoveryFiles()).toHaveLength(2);
  });

  test('of a name that never was in S3 leaves no name', async () => {
    const { d } = await faultyDriver({ nth: 1, mode: 'from-then-on', methods: ['put'] });
    const file = await d.create('a');
    await expect(file.flush()).rejects.toMatchObject({ errno: 'EIO' });
    await file.release();
    expect(await d.list('')).toEqual([]);
  });

  test('of a new file: who opens the inode that the kernel still knows is sent to look the name up again', async () => {
    const { d } = await faultyDriver({ nth: 1, mode: 'once', methods: ['put'] });
    const file = await d.create('a');
    await file.write(0, 'lost');
    await expect(file.flush()).rejects.toMatchObject({ errno: 'EIO' });
    const ino = await d.ino('a');
    await file.release();
    await expect(d.fs.open(ino, O_RDWR, ROOT)).rejects.toMatchObject({ errno: 'ESTALE' });
    await expect(d.fs.setattr(ino, { sizeBytes: 1n }, ROOT)).rejects.toMatchObject({ errno: 'ESTALE' });
    await d.writeFile('a', 'again');
    expect(await d.readFile('a')).toBe('again');
  });
});

test('a conditional write whose reply was lost is known as our own when it is sent again', async () => {
  const { d } = await faultyDriver({ nth: 1, mode: 'once', methods: ['put'], when: 'lost-reply' });
  const file = await d.create('a');
  await file.write(0, 'x');
  await expect(file.fsync()).rejects.toMatchObject({ errno: 'EIO' });
  await file.fsync();
  await file.close();
  expect(await d.readFile('a')).toBe('x');
});
