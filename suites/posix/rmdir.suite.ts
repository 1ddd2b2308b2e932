import { mkdir, readdir, rmdir, symlink, writeFile } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok } from '../../src/harness/api/index.js';
import { isAbsent, makeFile, makeOld, OLD_NS, stats } from './shared/files.js';
import { asNobody } from './shared/other-user.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'rmdir', { operations: ['rmdir'] });

group.add(
  'removes-an-empty-directory',
  'rmdir(2) removes an empty directory and its name',
  async (context) => {
    await mkdir(context.path('a'));
    await rmdir(context.path('a'));
    ok(await isAbsent(context.path('a')), 'the directory is gone');
    equal(await readdir(context.directory), [], 'names left in the parent');
  },
);

group.add(
  'enotempty-with-a-file-inside',
  'rmdir(2) fails with ENOTEMPTY while a file is in the directory, and leaves both',
  async (context) => {
    await mkdir(context.path('a'));
    await writeFile(context.path('a', 'file'), 'kept');
    await context.expectErrno(['ENOTEMPTY', 'EEXIST'], () => rmdir(context.path('a')));
    equal(await readdir(context.path('a')), ['file'], 'names left in the directory');
  },
);

group.add(
  'enotempty-with-a-directory-inside',
  'rmdir(2) fails with ENOTEMPTY while a directory is in the directory',
  async (context) => {
    await mkdir(context.path('a', 'b'), { recursive: true });
    await context.expectErrno(['ENOTEMPTY', 'EEXIST'], () => rmdir(context.path('a')));
  },
);

group.add(
  'enotempty-with-a-dangling-symlink-inside',
  'rmdir(2) fails with ENOTEMPTY while a dangling symbolic link is in the directory',
  async (context) => {
    await mkdir(context.path('a'));
    await symlink('nowhere', context.path('a', 'link'));
    await context.expectErrno(['ENOTEMPTY', 'EEXIST'], () => rmdir(context.path('a')));
  },
  { needs: ['symlink'] },
);

group.add('enotdir-on-a-file', 'rmdir(2) fails with ENOTDIR on a file and leaves it', async (context) => {
  const file = await makeFile(context, 'file');
  await context.expectErrno('ENOTDIR', () => rmdir(file));
  ok(!(await isAbsent(file)), 'the file is still there');
});

group.add(
  'enotdir-on-a-symlink-to-a-directory',
  'rmdir(2) fails with ENOTDIR on a symbolic link to a directory',
  async (context) => {
    await mkdir(context.path('a'));
    await symlink('a', context.path('link'));
    await context.expectErrno('ENOTDIR', () => rmdir(context.path('link')));
  },
  { needs: ['symlink'] },
);

group.add('einval-on-dot', 'rmdir(2) fails with EINVAL when the last name is "."', async (context) => {
  await mkdir(context.path('a'));
  await context.expectErrno('EINVAL', () => rmdir(`${context.path('a')}/.`));
});

group.add(
  'enotempty-on-dot-dot',
  'rmdir(2) fails with ENOTEMPTY when the last name is ".."',
  async (context) => {
    await mkdir(context.path('a', 'b'), { recursive: true });
    await context.expectErrno(['ENOTEMPTY', 'EEXIST', 'EINVAL'], () => rmdir(`${context.path('a', 'b')}/..`));
  },
);

group.add(
  'accepts-a-trailing-slash',
  'rmdir(2) removes a directory that is named with a trailing slash',
  async (context) => {
    await mkdir(context.path('a'));
    await rmdir(`${context.path('a')}/`);
    ok(await isAbsent(context.path('a')), 'the directory is gone');
  },
);

group.add(
  'works-after-the-last-entry-was-removed',
  'rmdir(2) removes a directory once its last entry has been removed',
  async (context) => {
    await mkdir(context.path('a', 'b'), { recursive: true });
    await rmdir(context.path('a', 'b'));
    await rmdir(context.path('a'));
    equal(await readdir(context.directory), [], 'names left');
  },
);

group.add(
  'updates-the-times-of-the-parent',
  'rmdir(2) updates mtime of the parent directory',
  async (context) => {
    await mkdir(context.path('a', 'b'), { recursive: true });
    await makeOld(context.path('a'));
    await rmdir(context.path('a', 'b'));
    ok((await stats(context.path('a'))).mtimeNs > OLD_NS, 'mtime of the parent is newer than before');
  },
);

group.add(
  'eacces-without-write-permission-on-the-parent',
  'rmdir(2) fails with EACCES for another user who may not write to the parent',
  async (context) => {
    await mkdir(context.path('a'), { mode: 0o777 });
    equal(await asNobody(context, ['rmdir', context.path('a')]), ['EACCES'], 'errno of rmdir');
  },
  { needs: ['root'] },
);

group.cases.push(
  ...pathErrorCases({
    group: 'rmdir',
    operation: 'rmdir',
    call: (path) => rmdir(path),
    asUser: (path) => ['rmdir', path],
  }),
);

defineGroup(group);
