import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ByteBudget } from './byte-budget.js';
import { Stage } from './stage.js';
import type { Version } from './version.js';

const AWAY = Buffer.from('abcdefghijklmnopqrstuvwxyz');
const VERSION = { sizeBytes: AWAY.length } as Version; // a stage hands it to `fetch` and never looks inside

describe('A stage', () => {
  let folder = '';
  let fetched: [number, number][] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objectfs-stage-'));
    fetched = [];
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  function newStage(memoryBytes = 1 << 20): Stage {
    return new Stage({
      path: join(folder, 'stage'),
      memory: new ByteBudget(memoryBytes),
      space: { limitBytes: Infinity, usedBytes: 0 },
      fetch: ({ offset }, lengthBytes) => {
        fetched.push([offset, lengthBytes]);
        return Promise.resolve([AWAY.subarray(offset, offset + lengthBytes)]);
      },
    });
  }

  async function textOf(stage: Stage, offset = 0, length = 1000): Promise<string> {
    return Buffer.concat(await stage.read(offset, length)).toString();
  }

  test('reads from S3 only what is not local, and only when it is read', async () => {
    const stage = newStage();
    await stage.borrow(0, 26, { version: VERSION, offset: 0 });
    await stage.write(3, Buffer.from('XYZ'));
    await stage.truncate(10);
    await stage.zero(7, 1);
    expect(fetched).toEqual([]);
    expect(await textOf(stage)).toBe('abcXYZg\0ij');
    expect(fetched).toEqual([
      [0, 3],
      [6, 1],
      [8, 2],
    ]);
  });

  test('keeps a small file in memory and moves it to the disk when it grows', async () => {
    const stage = newStage();
    await stage.write(0, Buffer.from('small'));
    expect(await readdir(folder)).toEqual([]);
    await stage.write(100_000, Buffer.from('large'));
    expect(await readdir(folder)).toEqual(['stage']);
    expect(await textOf(stage, 0, 6)).toBe('small\0');
    expect(await textOf(stage, 99_999)).toBe('\0large');
    await stage.discard();
    expect(await readdir(folder)).toEqual([]);
  });

  test('goes to the disk at once where the budget of memory is used up', async () => {
    const stage = newStage(100);
    await stage.write(0, Buffer.from('small'));
    expect(await readdir(folder)).toEqual(['stage']);
    expect(await textOf(stage)).toBe('small');
  });

  test('what was cut off does not come back when the file grows again', async () => {
    for (const size of [10, 200_000]) {
      const stage = newStage();
      await stage.write(0, Buffer.alloc(size, 'x'));
      await stage.truncate(5);
      await stage.truncate(size);
      expect(await textOf(stage, 4, 4)).toBe('x\0\0\0');
      await stage.discard();
    }
  });

  test('gives a local file of its size in which holes and what is away read as zeros', async () => {
    const stage = newStage();
    await stage.borrow(0, 4, { version: VERSION, offset: 0 });
    await stage.write(4, Buffer.from('text'));
    await stage.truncate(10);
    expect(await readFile(await stage.localFile(), 'utf8')).toBe('\0\0\0\0text\0\0');
    expect(fetched).toEqual([]);
  });

  test('a read during which the layout changes is done again', async () => {
    const stage = newStage();
    await stage.write(0, Buffer.alloc(100_000, 'x'));
    const reading = stage.read(0, 4);
    await stage.borrow(0, 26, { version: VERSION, offset: 0 });
    expect(Buffer.concat(await reading).toString()).toBe('abcd');
  });
});
