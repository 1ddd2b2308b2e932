import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../config/paths.js';
import { loadFixtures, scanData } from './fixtures.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'objectfs-fixtures-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('the fixtures', () => {
  test('all files of the manifest are there with their size and digest', async () => {
    const files = await loadFixtures();
    expect(files.length).toBeGreaterThanOrEqual(12);
    expect(files.map((file) => file.sizeBytes)).toEqual(expect.arrayContaining([0, 1]));
  });

  test('together they stay below 2 MB', async () => {
    const files = await loadFixtures();
    expect(files.reduce((sum, file) => sum + file.sizeBytes, 0)).toBeLessThan(2_000_000);
  });

  test('a fixture that was changed is refused by name', async () => {
    await cp(join(packageRoot, 'fixtures'), folder, { recursive: true });
    await writeFile(join(folder, 'files', 'one-byte'), 'y');
    await expect(loadFixtures(folder)).rejects.toMatchObject({
      kind: 'bad-checksum',
      subject: join(folder, 'files', 'one-byte'),
    });
  });
});

describe('the data of the user', () => {
  test('files of all levels are found with their digest, sorted by name', async () => {
    await mkdir(join(folder, 'b', 'c'), { recursive: true });
    await writeFile(join(folder, 'b', 'c', 'deep file'), 'abc');
    await writeFile(join(folder, 'a'), '');
    const files = await scanData(folder);
    expect(files.map((file) => file.name)).toEqual(['a', 'b/c/deep file']);
    expect(files[1]?.sha256).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  test('a link to a file outside is passed over, one to a file inside is taken', async () => {
    await writeFile(join(folder, 'real'), 'x');
    await symlink('/etc/hostname', join(folder, 'outside'));
    await symlink('real', join(folder, 'inside'));
    await symlink('nowhere', join(folder, 'dangling'));
    const files = await scanData(folder);
    expect(files.map((file) => file.name)).toEqual(['inside', 'real']);
  });

  test.each([
    ['a missing folder', () => join(folder, 'missing'), /does not exist/],
    ['a file', () => join(folder, 'file'), /is not a directory/],
    ['a folder without files', () => join(folder, 'empty'), /holds no file/],
  ])('%s is a usage error', async (_what, path, message) => {
    await writeFile(join(folder, 'file'), 'x');
    await mkdir(join(folder, 'empty'));
    await expect(scanData(path())).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(message) as string, // Jest types its matchers as any
    });
  });
});
