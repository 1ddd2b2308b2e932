import { constants } from 'node:fs';
import { mkdir, readdir, stat, statfs, symlink, unlink } from 'node:fs/promises';
import { CaseList, defineGroup, equal, notEqual, ok } from '../../src/harness/api/index.js';
import { linkStats, makeFile, makeOld, stats, withFile } from './shared/files.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'stat', { operations: ['stat'] });

group.add(
  'type-of-each-kind',
  'lstat(2) tells file, directory and symbolic link apart',
  async (context) => {
    await makeFile(context, 'file');
    await mkdir(context.path('directory'));
    await symlink('file', context.path('link'));
    const types = await Promise.all(
      ['file', 'directory', 'link'].map(
        async (name) => Number((await linkStats(context.path(name))).mode) & constants.S_IFMT,
      ),
    );
    equal(types, [constants.S_IFREG, constants.S_IFDIR, constants.S_IFLNK], 'file types');
  },
  { needs: ['symlink'] },
);

group.add(
  'size-and-blocks',
  'stat(2) gives the size, and enough 512-byte blocks for a file without holes',
  async (context) => {
    const file = await makeFile(context, 'file', context.bytes(100_000));
    await withFile(file, 'r+', (handle) => handle.sync());
    const status = await stats(file);
    equal(status.size, 100_000n, 'size');
    ok(status.blocks * 512n >= 100_000n, `${status.blocks} blocks of 512 bytes hold 100,000 bytes`);
    ok(status.blksize > 0n, 'the block size is positive');
  },
);

group.add(
  'inode-numbers-differ',
  'two files have different inode numbers on the same device',
  async (context) => {
    const [one, two] = [
      await stats(await makeFile(context, 'one')),
      await stats(await makeFile(context, 'two')),
    ];
    notEqual(one.ino, two.ino, 'inode number of the second file');
    equal(one.dev, two.dev, 'device');
  },
);

group.add(
  'inode-number-is-stable',
  'the inode number stays while the file is read, written and listed',
  async (context) => {
    const file = await makeFile(context, 'file', 'x');
    const before = (await stats(file)).ino;
    await withFile(file, 'r+', async (handle) => {
      await handle.write('more');
      equal((await handle.stat({ bigint: true })).ino, before, 'inode number by descriptor');
    });
    await readdir(context.directory);
    equal((await stats(file)).ino, before, 'inode number by name');
  },
);

group.add(
  'by-descriptor-is-the-same',
  'fstat(2) says the same as stat(2)',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    await makeOld(file);
    await withFile(file, 'r', async (handle) => {
      const [one, two] = [await stats(file), await handle.stat({ bigint: true })];
      for (const field of ['ino', 'mode', 'nlink', 'uid', 'gid', 'size', 'mtimeNs', 'ctimeNs'] as const) {
        equal(two[field], one[field], field);
      }
    });
  },
  { operations: ['fstat'] },
);

group.add(
  'by-descriptor-sees-unflushed-writes',
  'fstat(2) and stat(2) see the size of what was written and not yet closed',
  async (context) => {
    await withFile(context.path('file'), 'w', async (handle) => {
      for (let total = 10_000; total <= 50_000; total += 10_000) {
        await handle.write(Buffer.alloc(10_000));
        equal((await handle.stat()).size, total, 'size by descriptor');
        equal((await stat(context.path('file'))).size, total, 'size by name');
      }
    });
  },
  { operations: ['fstat', 'stat'] },
);

group.add(
  'fifo',
  'stat(2) says that a fifo is one',
  async (context) => {
    context.sys.mknod(context.path('fifo'), 0o010640, 0);
    ok((await stats(context.path('fifo'))).isFIFO(), 'it is a fifo');
  },
  { needs: ['mknod'] },
);

group.add(
  'link-count-of-a-directory',
  'a directory has a link count of at least 1, its "." and its name one inode',
  async (context) => {
    await mkdir(context.path('a'));
    const status = await stats(context.path('a'));
    ok(status.nlink >= 1n, 'link count is at least 1');
    equal((await stats(`${context.path('a')}/.`)).ino, status.ino, 'inode number of "."');
  },
);

group.add('after-unlink-enoent', 'stat(2) fails with ENOENT right after unlink(2)', async (context) => {
  const file = await makeFile(context, 'file');
  await stats(file);
  await unlink(file);
  await context.expectErrno('ENOENT', () => stat(file));
});

group.add(
  'statfs-numbers',
  'statfs(2) gives a block size and no more free than there is',
  async (context) => {
    const status = await statfs(context.directory, { bigint: true });
    ok(status.bsize > 0n, 'block size is positive');
    ok(status.blocks > 0n, 'there are blocks');
    ok(status.bfree <= status.blocks && status.bavail <= status.bfree, 'available <= free <= all blocks');
    ok(status.ffree <= status.files, 'free <= all inodes');
  },
  { operations: ['statfs'] },
);

group.add(
  'statfs-on-a-file',
  'statfs(2) on a file says the same as on its directory',
  async (context) => {
    const file = await makeFile(context, 'file');
    const [one, two] = [await statfs(context.directory), await statfs(file)];
    equal([two.type, two.bsize], [one.type, one.bsize], 'type and block size');
  },
  { operations: ['statfs'] },
);

group.cases.push(
  ...pathErrorCases({
    group: 'stat',
    variant: 'statfs',
    operation: 'statfs',
    call: (path) => statfs(path),
    asUser: (path) => ['statfs', path],
  }),
);

defineGroup(group);
