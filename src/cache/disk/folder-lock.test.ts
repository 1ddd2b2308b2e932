import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderLock } from './folder-lock.js';
import { ensurePrivateFolder } from './private-folder.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'objectfs-lock-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('FolderLock', () => {
  test('a folder that is held is refused, also to its own process, until it is released', async () => {
    const lock = new FolderLock(folder);
    await lock.take();
    const second = new FolderLock(folder);
    await expect(second.take()).rejects.toMatchObject({ kind: 'busy', subject: folder });
    await second.release(); // was never taken: must not free the first
    await expect(new FolderLock(folder).take()).rejects.toMatchObject({ kind: 'busy' });
    await lock.release();
    await second.take();
    await second.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('the lock of a process that was killed is taken over', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const lock = new FolderLock(folder);
    await lock.take();
    const held = await readFile(join(folder, 'lock'), 'utf8');
    await lock.release();
    const boot = held.split(' ')[2] ?? '';
    const stat = await readFile(`/proc/${child.pid ?? 0}/stat`, 'utf8');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    await writeFile(join(folder, 'lock'), `${child.pid ?? 0} ${start} ${boot}`);
    await expect(lock.take()).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringContaining(String(child.pid)) as string,
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    await lock.take();
    expect(await readFile(join(folder, 'lock'), 'utf8')).toBe(held);
  });

  test.each(['', 'garbage', `${process.pid} 1 another-boot`, '999999999 1 x'])(
    'a lock that names no live holder is taken over: %j',
    async (content) => {
      await writeFile(join(folder, 'lock'), content);
      await new FolderLock(folder).take();
      expect(await readdir(folder)).toEqual(['lock']);
    },
  );

  test.each([
    ['a stale lock', ['lock']],
    ['a stale lock that somebody died over', ['lock', 'lock.removing', 'lock.removing.removing']],
  ])('of many that find %s at one time one gets it', async (_what, names) => {
    for (const name of names) await writeFile(join(folder, name), '999999999 1 x');
    const locks = Array.from({ length: 20 }, () => new FolderLock(folder));
    const outcomes = await Promise.allSettled(locks.map((lock) => lock.take()));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['lock']);
  });
});

describe('ensurePrivateFolder', () => {
  test('makes the folder and those above it for this user alone', async () => {
    await ensurePrivateFolder(join(folder, 'a', 'b'));
    await ensurePrivateFolder(join(folder, 'a', 'b'));
    expect(await readdir(folder)).toEqual(['a']);
  });

  test('refuses a symbolic link, also a dangling one, and what is no directory', async () => {
    await mkdir(join(folder, 'real'), { mode: 0o700 });
    await symlink(join(folder, 'real'), join(folder, 'link'));
    await symlink(join(folder, 'nothing'), join(folder, 'dangling'));
    await writeFile(join(folder, 'file'), '');
    for (const name of ['link', 'dangling']) {
      await expect(ensurePrivateFolder(join(folder, name))).rejects.toMatchObject({
        kind: 'usage',
        message: expect.stringContaining('symbolic link') as string,
      });
    }
    await expect(ensurePrivateFolder(join(folder, 'file'))).rejects.toMatchObject({ kind: 'usage' });
  });

  test('refuses a folder that others may write to', async () => {
    await chmod(folder, 0o777);
    await expect(ensurePrivateFolder(folder)).rejects.toMatchObject({
      kind: 'usage',
      remedy: expect.stringContaining('chmod 700') as string,
    });
  });

  (process.getuid?.() === 0 ? test : test.skip)('refuses a folder of another user (needs root)', async () => {
    await chown(folder, 12345, 12345);
    await expect(ensurePrivateFolder(folder)).rejects.toMatchObject({
      message: expect.stringContaining('user 12345') as string,
    });
  });
});
