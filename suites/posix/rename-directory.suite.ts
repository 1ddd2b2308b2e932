import { mkdir, readFile, readdir, rename, rmdir, stat, symlink } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok } from '../../src/harness/api/index.js';
import { isAbsent, makeFile, makeOld, OLD_NS, stats, withFile } from './shared/files.js';

const group = new CaseList('posix', 'rename-directory', { operations: ['rename'] });

group.add(
  'gives-an-empty-directory-a-new-name',
  'rename(2) gives an empty directory a new name',
  async (context) => {
    await mkdir(context.path('from'));
    await rename(context.path('from'), context.path('to'));
    equal(await readdir(context.directory), ['to'], 'names');
    ok((await stats(context.path('to'))).isDirectory(), 'the new name is a directory');
  },
);

group.add(
  'moves-a-tree',
  'rename(2) moves a directory with files and directories below it',
  async (context) => {
    await mkdir(context.path('from', 'deep', 'deeper'), { recursive: true });
    await makeFile(context, 'from/one', '1');
    await makeFile(context, 'from/deep/two', '2');
    await makeFile(context, 'from/deep/deeper/three', '3');
    await mkdir(context.path('from', 'empty'));
    await rename(context.path('from'), context.path('to'));
    equal(
      (await readdir(context.path('to'), { recursive: true })).toSorted(),
      ['deep', 'deep/deeper', 'deep/deeper/three', 'deep/two', 'empty', 'one'],
      'names in the tree',
    );
    equal(await readFile(context.path('to', 'deep', 'deeper', 'three'), 'utf8'), '3', 'content');
    ok(await isAbsent(context.path('from')), 'the old name is gone');
    await context.expectErrno('ENOENT', () => stat(context.path('from', 'one')));
  },
);

group.add(
  'moves-forty-files',
  'rename(2) moves a directory of forty files with their content',
  async (context) => {
    await mkdir(context.path('from'));
    const names = Array.from({ length: 40 }, (_, index) => `file${String(index).padStart(2, '0')}`);
    await Promise.all(names.map((name) => makeFile(context, `from/${name}`, name)));
    await rename(context.path('from'), context.path('to'));
    equal((await readdir(context.path('to'))).toSorted(), names, 'names');
    for (const name of names)
      equal(await readFile(context.path('to', name), 'utf8'), name, `content of ${name}`);
  },
  { timeoutMs: 60_000 },
);

group.add(
  'into-another-directory',
  'rename(2) moves a directory into another one, and ".." is the new parent',
  async (context) => {
    await mkdir(context.path('from', 'inner'), { recursive: true });
    await mkdir(context.path('parent'));
    await rename(context.path('from'), context.path('parent', 'moved'));
    equal(
      (await stats(`${context.path('parent', 'moved')}/..`)).ino,
      (await stats(context.path('parent'))).ino,
      'inode number of ".."',
    );
    equal(await readdir(context.path('parent', 'moved')), ['inner'], 'names');
  },
);

group.add(
  'prefix-of-another-name-is-untouched',
  'rename(2) of "a" leaves its neighbours "ab" and "a.b" alone',
  async (context) => {
    for (const name of ['a', 'ab', 'a.b']) {
      await mkdir(context.path(name));
      await makeFile(context, `${name}/file`, name);
    }
    await rename(context.path('a'), context.path('z'));
    equal((await readdir(context.directory)).toSorted(), ['a.b', 'ab', 'z'], 'names');
    equal(await readFile(context.path('ab', 'file'), 'utf8'), 'ab', 'content of the neighbour');
  },
);

group.add(
  'over-an-empty-directory',
  'rename(2) of a directory over an empty directory replaces it',
  async (context) => {
    await mkdir(context.path('from'));
    await makeFile(context, 'from/file', 'moved');
    await mkdir(context.path('to'));
    await rename(context.path('from'), context.path('to'));
    equal(await readFile(context.path('to', 'file'), 'utf8'), 'moved', 'content');
    equal(await readdir(context.directory), ['to'], 'names');
  },
);

group.add(
  'enotempty-over-a-full-directory',
  'rename(2) of a directory over one that is not empty fails with ENOTEMPTY or EEXIST',
  async (context) => {
    await mkdir(context.path('from'));
    await mkdir(context.path('to'));
    await makeFile(context, 'to/file', 'kept');
    await context.expectErrno(['ENOTEMPTY', 'EEXIST'], () =>
      rename(context.path('from'), context.path('to')),
    );
    equal((await readdir(context.directory)).toSorted(), ['from', 'to'], 'names');
    equal(await readFile(context.path('to', 'file'), 'utf8'), 'kept', 'content');
  },
);

group.add(
  'enotdir-over-a-file',
  'rename(2) of a directory over a file fails with ENOTDIR',
  async (context) => {
    await mkdir(context.path('from'));
    const file = await makeFile(context, 'to');
    await context.expectErrno('ENOTDIR', () => rename(context.path('from'), file));
    equal((await readdir(context.directory)).toSorted(), ['from', 'to'], 'names');
  },
);

group.add(
  'enotdir-over-a-symlink-to-a-directory',
  'rename(2) of a directory over a symbolic link to a directory fails with ENOTDIR',
  async (context) => {
    await mkdir(context.path('from'));
    await mkdir(context.path('target'));
    await symlink('target', context.path('to'));
    await context.expectErrno('ENOTDIR', () => rename(context.path('from'), context.path('to')));
  },
  { needs: ['symlink'] },
);

group.add('einval-into-itself', 'rename(2) of a directory into itself fails with EINVAL', async (context) => {
  await mkdir(context.path('a'));
  await context.expectErrno('EINVAL', () => rename(context.path('a'), context.path('a', 'b')));
});

group.add(
  'einval-into-a-descendant',
  'rename(2) of a directory into a directory below it fails with EINVAL',
  async (context) => {
    await mkdir(context.path('a', 'b', 'c'), { recursive: true });
    await context.expectErrno('EINVAL', () => rename(context.path('a'), context.path('a', 'b', 'c', 'd')));
    equal(await readdir(context.path('a', 'b')), ['c'], 'names');
  },
);

group.add(
  'enotempty-over-an-ancestor',
  'rename(2) of a directory over its own parent fails with ENOTEMPTY or EEXIST',
  async (context) => {
    await mkdir(context.path('a', 'b'), { recursive: true });
    await context.expectErrno(['ENOTEMPTY', 'EEXIST'], () =>
      rename(context.path('a', 'b'), context.path('a')),
    );
  },
);

group.add(
  'same-name',
  'rename(2) of a directory to its own name succeeds and changes nothing',
  async (context) => {
    await mkdir(context.path('a'));
    await makeFile(context, 'a/file');
    await rename(context.path('a'), context.path('a'));
    equal(await readdir(context.path('a')), ['file'], 'names');
  },
);

group.add(
  'trailing-slash',
  'rename(2) of a directory accepts trailing slashes on both names',
  async (context) => {
    await mkdir(context.path('from'));
    await rename(`${context.path('from')}/`, `${context.path('to')}/`);
    equal(await readdir(context.directory), ['to'], 'names');
  },
);

group.add(
  'enotdir-file-with-a-trailing-slash',
  'rename(2) of a file to a new name with a trailing slash fails with ENOTDIR',
  async (context) => {
    const file = await makeFile(context, 'file');
    await context.expectErrno('ENOTDIR', () => rename(file, `${context.path('to')}/`));
  },
);

group.add('dot-is-refused', 'rename(2) of "." or ".." fails with EBUSY or EINVAL', async (context) => {
  await mkdir(context.path('a'));
  await context.expectErrno(['EBUSY', 'EINVAL'], () => rename(`${context.path('a')}/.`, context.path('b')));
  await context.expectErrno(['EBUSY', 'EINVAL'], () => rename(`${context.path('a')}/..`, context.path('b')));
});

group.add(
  'open-file-below-is-followed',
  'a file below a renamed directory that is open can be read and written on',
  async (context) => {
    await mkdir(context.path('from'));
    const file = await makeFile(context, 'from/file', 'one ');
    await withFile(file, 'a+', async (handle) => {
      await rename(context.path('from'), context.path('to'));
      await handle.write('two');
      await handle.sync();
    });
    equal(await readFile(context.path('to', 'file'), 'utf8'), 'one two', 'content under the new name');
    ok(await isAbsent(context.path('from')), 'the old name does not come back');
  },
);

group.add(
  'old-name-can-be-used-again',
  'the old name can be used for a new directory, which is empty',
  async (context) => {
    await mkdir(context.path('from'));
    await makeFile(context, 'from/file');
    await rename(context.path('from'), context.path('to'));
    await mkdir(context.path('from'));
    equal(await readdir(context.path('from')), [], 'names in the new directory');
    equal(await readdir(context.path('to')), ['file'], 'names in the moved directory');
  },
);

group.add(
  'moved-directory-can-be-removed',
  'a directory that was moved and emptied can be removed',
  async (context) => {
    await mkdir(context.path('from', 'inner'), { recursive: true });
    await rename(context.path('from'), context.path('to'));
    await rmdir(context.path('to', 'inner'));
    await rmdir(context.path('to'));
    equal(await readdir(context.directory), [], 'names');
  },
  { operations: ['rename', 'rmdir'] },
);

group.add(
  'keeps-inode-and-times-of-entries',
  'rename(2) of a directory keeps inode numbers and mtime of what is below it',
  async (context) => {
    await mkdir(context.path('from'));
    const file = await makeFile(context, 'from/file', 'x');
    await makeOld(file);
    const [directory, inner] = [await stats(context.path('from')), await stats(file)];
    await rename(context.path('from'), context.path('to'));
    equal((await stats(context.path('to'))).ino, directory.ino, 'inode number of the directory');
    const after = await stats(context.path('to', 'file'));
    equal([after.ino, after.mtimeNs], [inner.ino, OLD_NS], 'inode number and mtime of the file');
  },
);

defineGroup(group);
