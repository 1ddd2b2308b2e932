import { lstat, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import {
  CaseList,
  NAME_MAX_BYTES,
  PATH_MAX_BYTES,
  defineGroup,
  equal,
  ok,
} from '../../src/harness/api/index.js';
import { isAbsent, makeFile, stats } from './shared/files.js';
import { pathErrorCases, pathOfBytes } from './shared/path-errors.js';

const group = new CaseList('posix', 'lookup', { operations: ['lookup'] });

group.add('name-of-255-bytes', 'a name of 255 bytes can be made and found', async (context) => {
  const name = 'n'.repeat(NAME_MAX_BYTES);
  await makeFile(context, name, 'content');
  equal(await readFile(context.path(name), 'utf8'), 'content', 'content');
});

group.add(
  'directory-name-of-255-bytes',
  'a directory with a name of 255 bytes can be made and entered',
  async (context) => {
    const name = 'd'.repeat(NAME_MAX_BYTES);
    await mkdir(context.path(name));
    await makeFile(context, `${name}/file`, 'content');
    equal(await readFile(context.path(name, 'file'), 'utf8'), 'content', 'content');
  },
);

group.add(
  'length-is-counted-in-bytes',
  'a name of 85 three-byte characters is found, one of 86 fails with ENAMETOOLONG',
  async (context) => {
    await makeFile(context, '文'.repeat(85), 'content');
    equal(await readFile(context.path('文'.repeat(85)), 'utf8'), 'content', 'content');
    await context.expectErrno('ENAMETOOLONG', () => writeFile(context.path('文'.repeat(86)), ''));
  },
);

group.add('path-of-4095-bytes', 'a path of 4,095 bytes is found', async (context) => {
  await makeFile(context, 'x', 'content');
  equal(await readFile(pathOfBytes(context, PATH_MAX_BYTES - 1), 'utf8'), 'content', 'content');
});

group.add(
  'dots-and-slashes',
  'doubled slashes, "." and ".." in a path lead to the same file',
  async (context) => {
    await mkdir(context.path('a', 'b'), { recursive: true });
    await makeFile(context, 'a/file', 'content');
    for (const way of ['a//file', './a/./file', 'a/b/../file', 'a/b/.././/file']) {
      equal(await readFile(`${context.directory}/${way}`, 'utf8'), 'content', `content by ${way}`);
    }
  },
);

group.add('case-is-kept-apart', 'names that differ only in case are different files', async (context) => {
  await makeFile(context, 'Name', 'upper');
  await makeFile(context, 'name', 'lower');
  equal(
    [await readFile(context.path('Name'), 'utf8'), await readFile(context.path('name'), 'utf8')],
    ['upper', 'lower'],
    'contents',
  );
});

group.add(
  'prefix-of-a-name-is-not-found',
  'the prefix of a name, and the name with more at its end, do not exist',
  async (context) => {
    await makeFile(context, 'directory-name', 'x');
    await mkdir(context.path('parent', 'child'), { recursive: true });
    for (const name of [
      'directory',
      'directory-',
      'directory-name2',
      'par',
      'parent/chil',
      'parent/child2',
    ]) {
      ok(await isAbsent(context.path(name)), `${name} does not exist`);
    }
  },
);

group.add(
  'missing-name-appears',
  'a name that was looked up in vain is found once it has been made',
  async (context) => {
    for (let round = 0; round < 3; round += 1)
      ok(await isAbsent(context.path('late')), 'the name does not exist yet');
    await makeFile(context, 'late', 'content');
    equal(await readFile(context.path('late'), 'utf8'), 'content', 'content');
  },
);

group.add('type-can-change', 'a name that was a file can be a directory after it', async (context) => {
  await makeFile(context, 'name', 'x');
  ok((await stats(context.path('name'))).isFile(), 'it is a file');
  await rm(context.path('name'));
  await mkdir(context.path('name'));
  ok((await stats(context.path('name'))).isDirectory(), 'it is a directory');
});

group.add(
  'enotdir-dot-below-a-file',
  'a path with "/." or "/" after a file fails with ENOTDIR',
  async (context) => {
    const file = await makeFile(context, 'file');
    for (const end of ['/', '/.', '/..', '/./x'])
      await context.expectErrno('ENOTDIR', () => stat(`${file}${end}`));
  },
);

group.add(
  'eloop-between-two-links',
  'two symbolic links that point at each other fail with ELOOP',
  async (context) => {
    await symlink('two', context.path('one'));
    await symlink('one', context.path('two'));
    await context.expectErrno('ELOOP', () => stat(context.path('one')));
  },
  { needs: ['symlink'] },
);

group.add(
  'trailing-slash-follows-a-symlink',
  'a symbolic link to a directory with a trailing slash is the directory',
  async (context) => {
    await mkdir(context.path('a'));
    await symlink('a', context.path('link'));
    ok((await lstat(`${context.path('link')}/`)).isDirectory(), 'lstat sees the directory');
  },
  { needs: ['symlink'] },
);

group.cases.push(
  ...pathErrorCases({
    group: 'lookup',
    variant: 'stat',
    operation: 'stat',
    call: (path) => stat(path),
    asUser: (path) => ['stat', path],
  }),
);

defineGroup(group);
