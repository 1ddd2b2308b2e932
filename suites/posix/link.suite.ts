import {
  chmod,
  link,
  mkdir,
  readFile,
  readdir,
  symlink,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok, sameBytes } from '../../src/harness/api/index.js';
import { clockPast, linkStats, makeFile, makeOld, OLD_NS, permissions, stats } from './shared/files.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'link', { operations: ['link'], needs: ['hard-link'] });

group.add(
  'gives-a-second-name',
  'link(2) gives a file a second name with the same inode and a link count of 2',
  async (context) => {
    const file = await makeFile(context, 'file', 'shared');
    await link(file, context.path('other'));
    const [one, two] = [await stats(file), await stats(context.path('other'))];
    equal(two.ino, one.ino, 'inode number');
    equal([one.nlink, two.nlink], [2n, 2n], 'link counts');
    equal(await readFile(context.path('other'), 'utf8'), 'shared', 'content by the other name');
  },
);

group.add(
  'writes-show-by-both-names',
  'what is written by one name is read by the other',
  async (context) => {
    const file = await makeFile(context, 'file', 'before');
    await link(file, context.path('other'));
    const content = context.bytes(200_000);
    await writeFile(context.path('other'), content);
    sameBytes(await readFile(file), content, 'content by the first name');
    await truncate(file, 5);
    sameBytes(await readFile(context.path('other')), content.subarray(0, 5), 'content by the second name');
  },
);

group.add('mode-shows-by-both-names', 'chmod(2) by one name shows by the other', async (context) => {
  const file = await makeFile(context, 'file');
  await link(file, context.path('other'));
  await chmod(file, 0o600);
  equal(permissions(await stats(context.path('other'))), 0o600, 'permission bits');
});

group.add(
  'first-name-can-go',
  'the content stays under the second name when the first is removed',
  async (context) => {
    const file = await makeFile(context, 'file', 'kept');
    await link(file, context.path('other'));
    await unlink(file);
    await writeFile(context.path('other'), 'written');
    equal(await readFile(context.path('other'), 'utf8'), 'written', 'content');
    equal((await stats(context.path('other'))).nlink, 1n, 'link count');
  },
);

group.add('across-directories', 'link(2) gives a name in another directory', async (context) => {
  await mkdir(context.path('directory'));
  const file = await makeFile(context, 'file', 'shared');
  await link(file, context.path('directory', 'other'));
  equal(await readFile(context.path('directory', 'other'), 'utf8'), 'shared', 'content');
});

group.add(
  'of-a-symlink-is-the-symlink',
  'link(2) of a symbolic link gives that link a second name',
  async (context) => {
    await symlink('nowhere', context.path('link'));
    await link(context.path('link'), context.path('other'));
    ok((await linkStats(context.path('other'))).isSymbolicLink(), 'the new name is a symbolic link');
  },
  { needs: ['symlink'] },
);

group.add(
  'ten-names',
  'a file with ten names has a link count of 10, and of 1 when nine are gone',
  async (context) => {
    const file = await makeFile(context, 'file', 'kept');
    for (let index = 1; index < 10; index += 1) await link(file, context.path(`name${index}`));
    equal((await stats(file)).nlink, 10n, 'link count');
    for (let index = 1; index < 10; index += 1) await unlink(context.path(`name${index}`));
    equal((await stats(file)).nlink, 1n, 'link count after nine were removed');
    equal(await readdir(context.directory), ['file'], 'names');
  },
);

group.add(
  'eexist-when-the-name-is-taken',
  'link(2) fails with EEXIST when the new name exists',
  async (context) => {
    const file = await makeFile(context, 'file');
    const other = await makeFile(context, 'other', 'kept');
    await context.expectErrno('EEXIST', () => link(file, other));
    await context.expectErrno('EEXIST', () => link(file, file));
    equal(await readFile(other, 'utf8'), 'kept', 'content of the other file');
  },
);

group.add('eperm-on-a-directory', 'link(2) fails with EPERM on a directory', async (context) => {
  await mkdir(context.path('directory'));
  await context.expectErrno('EPERM', () => link(context.path('directory'), context.path('other')));
});

group.add(
  'updates-ctime-and-the-parent',
  'link(2) updates ctime of the file and mtime of the parent directory',
  async (context) => {
    const file = await makeFile(context, 'file');
    await mkdir(context.path('parent'));
    await makeOld(context.path('parent'));
    const before = await stats(file);
    await clockPast(context, before.ctimeNs);
    await link(file, context.path('parent', 'other'));
    ok((await stats(file)).ctimeNs > before.ctimeNs, 'ctime of the file is newer');
    ok((await stats(context.path('parent'))).mtimeNs > OLD_NS, 'mtime of the parent is newer');
  },
);

group.cases.push(
  ...pathErrorCases({
    group: 'link',
    variant: 'from',
    operation: 'link',
    needs: ['hard-link'],
    call: (path, context) => link(path, context.path('new-name')),
    asUser: (path, context) => ['link', path, context.path('new-name')],
  }),
  ...pathErrorCases({
    group: 'link',
    variant: 'to',
    operation: 'link',
    creates: true,
    needs: ['hard-link'],
    prepare: async (context) => {
      await makeFile(context, 'source');
    },
    call: (path, context) => link(context.path('source'), path),
    asUser: (path, context) => ['link', context.path('source'), path],
  }),
);

defineGroup(group);
