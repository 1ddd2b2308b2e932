import { mkdir, readdir, rmdir, symlink, writeFile } from 'node:fs/promises';
import { defineGroup, equal, ok, type CaseDefinition } from '../../src/harness/api/index.js';
import { isAbsent, makeFile, makeOld, OLD_NS, stats } from './shared/files.js';
import { pathErrorCases } from './shared/path-errors.js';

const operations = ['rmdir'];

const cases: CaseDefinition[] = [
  {
    id: 'rmdir/removes-an-empty-directory',
    says: 'rmdir(2) removes an empty directory and its name',
    operations,
    async run(context) {
      await mkdir(context.path('a'));
      await rmdir(context.path('a'));
      ok(await isAbsent(context.path('a')), 'the directory is gone');
      equal(await readdir(context.directory), [], 'names left in the parent');
    },
  },
  {
    id: 'rmdir/enotempty-with-a-file-inside',
    says: 'rmdir(2) fails with ENOTEMPTY while a file is in the directory, and leaves both',
    operations,
    async run(context) {
      await mkdir(context.path('a'));
      await writeFile(context.path('a', 'file'), 'kept');
      await context.expectErrno(['ENOTEMPTY', 'EEXIST'], () => rmdir(context.path('a')));
      equal(await readdir(context.path('a')), ['file'], 'names left in the directory');
    },
  },
  {
    id: 'rmdir/enotempty-with-a-directory-inside',
    says: 'rmdir(2) fails with ENOTEMPTY while a directory is in the directory',
    operations,
    async run(context) {
      await mkdir(context.path('a', 'b'), { recursive: true });
      await context.expectErrno(['ENOTEMPTY', 'EEXIST'], () => rmdir(context.path('a')));
    },
  },
  {
    id: 'rmdir/enotempty-with-a-dangling-symlink-inside',
    says: 'rmdir(2) fails with ENOTEMPTY while a dangling symbolic link is in the directory',
    operations,
    needs: ['symlink'],
    async run(context) {
      await mkdir(context.path('a'));
      await symlink('nowhere', context.path('a', 'link'));
      await context.expectErrno(['ENOTEMPTY', 'EEXIST'], () => rmdir(context.path('a')));
    },
  },
  {
    id: 'rmdir/enotdir-on-a-file',
    says: 'rmdir(2) fails with ENOTDIR on a file and leaves it',
    operations,
    async run(context) {
      const file = await makeFile(context, 'file');
      await context.expectErrno('ENOTDIR', () => rmdir(file));
      ok(!(await isAbsent(file)), 'the file is still there');
    },
  },
  {
    id: 'rmdir/enotdir-on-a-symlink-to-a-directory',
    says: 'rmdir(2) fails with ENOTDIR on a symbolic link to a directory',
    operations,
    needs: ['symlink'],
    async run(context) {
      await mkdir(context.path('a'));
      await symlink('a', context.path('link'));
      await context.expectErrno('ENOTDIR', () => rmdir(context.path('link')));
    },
  },
  {
    id: 'rmdir/einval-on-dot',
    says: 'rmdir(2) fails with EINVAL when the last name is "."',
    operations,
    async run(context) {
      await mkdir(context.path('a'));
      await context.expectErrno('EINVAL', () => rmdir(`${context.path('a')}/.`));
    },
  },
  {
    id: 'rmdir/enotempty-on-dot-dot',
    says: 'rmdir(2) fails with ENOTEMPTY when the last name is ".."',
    operations,
    async run(context) {
      await mkdir(context.path('a', 'b'), { recursive: true });
      await context.expectErrno(['ENOTEMPTY', 'EEXIST', 'EINVAL'], () =>
        rmdir(`${context.path('a', 'b')}/..`),
      );
    },
  },
  {
    id: 'rmdir/accepts-a-trailing-slash',
    says: 'rmdir(2) removes a directory that is named with a trailing slash',
    operations,
    async run(context) {
      await mkdir(context.path('a'));
      await rmdir(`${context.path('a')}/`);
      ok(await isAbsent(context.path('a')), 'the directory is gone');
    },
  },
  {
    id: 'rmdir/works-after-the-last-entry-was-removed',
    says: 'rmdir(2) removes a directory once its last entry has been removed',
    operations: ['rmdir', 'unlink'],
    async run(context) {
      await mkdir(context.path('a', 'b'), { recursive: true });
      await rmdir(context.path('a', 'b'));
      await rmdir(context.path('a'));
      equal(await readdir(context.directory), [], 'names left');
    },
  },
  {
    id: 'rmdir/updates-the-parents-times',
    says: 'rmdir(2) updates mtime and ctime of the parent directory',
    operations,
    async run(context) {
      await mkdir(context.path('a', 'b'), { recursive: true });
      await makeOld(context.path('a'));
      await rmdir(context.path('a', 'b'));
      ok((await stats(context.path('a'))).mtimeNs > OLD_NS, 'mtime of the parent is newer than before');
    },
  },
];

defineGroup({
  suite: 'posix',
  group: 'rmdir',
  cases: [
    ...cases,
    ...pathErrorCases({
      group: 'rmdir',
      operation: 'rmdir',
      call: (path) => rmdir(path),
      asUser: (path) => ['rmdir', path],
    }),
  ],
});
