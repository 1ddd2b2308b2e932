import { chmod, chown, mkdir, readdir, rmdir, symlink } from 'node:fs/promises';
import { CaseList, NOBODY, callsAsUser, defineGroup, equal, ok } from '../../src/harness/api/index.js';
import { makeFile, makeOld, OLD_NS, permissions, stats } from './shared/files.js';
import { asNobody, requireReachable } from './shared/other-user.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'mkdir', { operations: ['mkdir'] });

group.add(
  'makes-an-empty-directory',
  'mkdir(2) makes a directory that is empty and of type directory',
  async (context) => {
    await mkdir(context.path('a'));
    ok((await stats(context.path('a'))).isDirectory(), 'it is a directory');
    equal(await readdir(context.path('a')), [], 'its names');
    equal(await readdir(context.directory), ['a'], 'names in the parent');
  },
);

group.add(
  'applies-the-umask',
  'mkdir(2) takes the bits of the umask out of the mode',
  async (context) => {
    await callsAsUser([['mkdir', context.path('a'), 0o777]], { uid: 0, gid: 0, signal: context.signal });
    equal(permissions(await stats(context.path('a'))), 0o755, 'permission bits with umask 022');
  },
  { needs: ['root'] },
);

for (const mode of [0o700, 0o755, 0o500]) {
  group.add(
    `mode-${mode.toString(8)}`,
    `mkdir(2) makes a directory with mode ${mode.toString(8)}`,
    async (context) => {
      await mkdir(context.path('a'), { mode });
      equal(permissions(await stats(context.path('a'))), mode, 'permission bits');
    },
  );
}

group.add(
  'owner-is-the-caller',
  'mkdir(2) gives the directory to the effective user and group of the caller',
  async (context) => {
    await chmod(context.directory, 0o777);
    equal(await asNobody(context, ['mkdir', context.path('a')]), ['ok'], 'answer of mkdir');
    const status = await stats(context.path('a'));
    equal([status.uid, status.gid], [BigInt(NOBODY), BigInt(NOBODY)], 'owner and group');
  },
  { needs: ['root'] },
);

group.add(
  'inherits-the-group-of-a-set-group-id-parent',
  'mkdir(2) in a set-group-ID directory takes over its group and that bit',
  async (context) => {
    await mkdir(context.path('parent'));
    await chown(context.path('parent'), 0, 4321);
    await chmod(context.path('parent'), 0o2755);
    await mkdir(context.path('parent', 'a'));
    const status = await stats(context.path('parent', 'a'));
    equal(status.gid, 4321n, 'group');
    equal(permissions(status) & 0o2000, 0o2000, 'set-group-ID bit');
  },
  { needs: ['root', 'chown'] },
);

group.add(
  'eexist-on-a-directory',
  'mkdir(2) fails with EEXIST when a directory has the name',
  async (context) => {
    await mkdir(context.path('a'));
    await context.expectErrno('EEXIST', () => mkdir(context.path('a')));
  },
);

group.add('eexist-on-a-file', 'mkdir(2) fails with EEXIST when a file has the name', async (context) => {
  await makeFile(context, 'a');
  await context.expectErrno('EEXIST', () => mkdir(context.path('a')));
});

group.add(
  'eexist-on-a-dangling-symlink',
  'mkdir(2) fails with EEXIST when a dangling symbolic link has the name',
  async (context) => {
    await symlink('nowhere', context.path('a'));
    await context.expectErrno('EEXIST', () => mkdir(context.path('a')));
  },
  { needs: ['symlink'] },
);

group.add('eexist-on-dot', 'mkdir(2) fails with EEXIST on "." and ".."', async (context) => {
  await context.expectErrno('EEXIST', () => mkdir(`${context.directory}/.`));
  await context.expectErrno('EEXIST', () => mkdir(`${context.directory}/..`));
});

group.add(
  'accepts-a-trailing-slash',
  'mkdir(2) makes a directory that is named with a trailing slash',
  async (context) => {
    await mkdir(`${context.path('a')}/`);
    equal(await readdir(context.directory), ['a'], 'names in the parent');
  },
);

group.add(
  'again-after-rmdir',
  'mkdir(2) makes a directory again whose name was removed, and it is empty',
  async (context) => {
    await mkdir(context.path('a', 'b'), { recursive: true });
    await rmdir(context.path('a', 'b'));
    await rmdir(context.path('a'));
    await mkdir(context.path('a'));
    equal(await readdir(context.path('a')), [], 'names in the new directory');
  },
  { operations: ['mkdir', 'rmdir'] },
);

group.add('twenty-levels-deep', 'mkdir(2) makes twenty directories below each other', async (context) => {
  const names = Array.from({ length: 20 }, (_, level) => `level${level}`);
  await mkdir(context.path(...names), { recursive: true });
  for (const level of names.keys()) {
    const depth = names.slice(0, level);
    equal(await readdir(context.path(...depth)), [names[level] ?? ''], `names at level ${level}`);
  }
});

group.add(
  'updates-the-times-of-the-parent',
  'mkdir(2) updates mtime of the parent directory',
  async (context) => {
    await mkdir(context.path('parent'));
    await makeOld(context.path('parent'));
    await mkdir(context.path('parent', 'a'));
    ok((await stats(context.path('parent'))).mtimeNs > OLD_NS, 'mtime of the parent is newer than before');
  },
);

group.add(
  'eacces-without-write-permission-on-the-parent',
  'mkdir(2) fails with EACCES for another user who may not write to the parent',
  async (context) => {
    await requireReachable(context);
    equal(await asNobody(context, ['mkdir', context.path('a')]), ['EACCES'], 'errno of mkdir');
  },
  { needs: ['root'] },
);

group.cases.push(
  ...pathErrorCases({
    group: 'mkdir',
    operation: 'mkdir',
    creates: true,
    call: (path) => mkdir(path),
    asUser: (path) => ['mkdir', path],
  }),
);

defineGroup(group);
