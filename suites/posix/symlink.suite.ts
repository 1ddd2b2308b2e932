import {
  chmod,
  lstat,
  mkdir,
  readFile,
  readdir,
  readlink,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { CaseList, NOBODY, defineGroup, equal, ok } from '../../src/harness/api/index.js';
import { linkStats, makeFile, makeOld, OLD_NS, openAndClose, stats } from './shared/files.js';
import { asNobody } from './shared/other-user.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'symlink', { operations: ['symlink', 'readlink'], needs: ['symlink'] });

const targets: readonly (readonly [string, string])[] = [
  ['a-relative-target', 'file'],
  ['an-absolute-target', '/absolute/nowhere'],
  ['a-target-with-dots', '../../x/./y//z/'],
  ['a-target-of-one-byte', 'x'],
  ['a-target-of-255-bytes', 'n'.repeat(255)],
  ['a-target-of-1024-bytes', 'a/'.repeat(512)],
  ['a-target-of-4095-bytes', `${'d/'.repeat(2047)}e`],
  ['a-target-in-several-scripts', 'Grüße/文件/Привет/🚀 with spaces'],
  ['a-target-with-newline-and-quotes', `line\nbreak "double" 'single' \\ back`],
];
for (const [name, target] of targets) {
  group.add(
    `keeps-${name}`,
    `symlink(2) keeps ${name.replaceAll('-', ' ')} byte for byte, and readlink(2) gives it back`,
    async (context) => {
      await symlink(target, context.path('link'));
      equal(await readlink(context.path('link')), target, 'target');
      const status = await linkStats(context.path('link'));
      ok(status.isSymbolicLink(), 'lstat says that it is a symbolic link');
      equal(status.size, BigInt(Buffer.byteLength(target)), 'size by lstat');
    },
  );
}

group.add(
  'enametoolong-on-a-target-of-4096-bytes',
  'symlink(2) fails with ENAMETOOLONG when the target has 4,096 bytes',
  (context) => context.expectErrno('ENAMETOOLONG', () => symlink('t'.repeat(4096), context.path('link'))),
);

group.add('enoent-on-an-empty-target', 'symlink(2) fails with ENOENT when the target is empty', (context) =>
  context.expectErrno('ENOENT', () => symlink('', context.path('link'))),
);

group.add(
  'eexist-when-the-name-is-taken',
  'symlink(2) fails with EEXIST when a file, directory or link has the name',
  async (context) => {
    await makeFile(context, 'file');
    await mkdir(context.path('directory'));
    await symlink('nowhere', context.path('link'));
    for (const name of ['file', 'directory', 'link']) {
      await context.expectErrno('EEXIST', () => symlink('target', context.path(name)));
    }
  },
);

group.add(
  'is-followed-to-a-file',
  'open(2) and stat(2) follow a symbolic link to a file',
  async (context) => {
    await makeFile(context, 'file', 'content');
    await symlink('file', context.path('link'));
    equal(await readFile(context.path('link'), 'utf8'), 'content', 'content through the link');
    ok((await stat(context.path('link'))).isFile(), 'stat sees a file');
    equal((await stats(context.path('link'))).ino, (await stats(context.path('file'))).ino, 'inode number');
  },
  { operations: ['symlink', 'open', 'stat'] },
);

group.add(
  'is-followed-to-a-directory',
  'names below a symbolic link to a directory are those of the directory',
  async (context) => {
    await mkdir(context.path('directory'));
    await makeFile(context, 'directory/file', 'inside');
    await symlink('directory', context.path('link'));
    equal(await readdir(context.path('link')), ['file'], 'names');
    equal(await readFile(context.path('link', 'file'), 'utf8'), 'inside', 'content');
  },
  { operations: ['symlink', 'lookup'], timeoutMs: 60_000 },
);

group.add(
  'chain-of-twenty-is-followed',
  'a chain of twenty symbolic links leads to its file',
  async (context) => {
    await makeFile(context, 'link0', 'end');
    for (let step = 1; step <= 20; step += 1) await symlink(`link${step - 1}`, context.path(`link${step}`));
    equal(await readFile(context.path('link20'), 'utf8'), 'end', 'content');
  },
  { operations: ['symlink', 'lookup'], timeoutMs: 60_000 },
);

group.add(
  'eloop-on-a-link-to-itself',
  'stat(2) and open(2) fail with ELOOP on a symbolic link to itself, lstat(2) does not',
  async (context) => {
    await symlink('self', context.path('self'));
    await context.expectErrno('ELOOP', () => stat(context.path('self')));
    await context.expectErrno('ELOOP', () => openAndClose(context.path('self'), 'r'));
    ok((await lstat(context.path('self'))).isSymbolicLink(), 'lstat sees the link');
  },
  { operations: ['symlink', 'stat', 'open'] },
);

group.add(
  'eloop-on-a-chain-of-41',
  'a chain of more than 40 symbolic links fails with ELOOP',
  async (context) => {
    await makeFile(context, 'link0');
    for (let step = 1; step <= 41; step += 1) await symlink(`link${step - 1}`, context.path(`link${step}`));
    await context.expectErrno('ELOOP', () => stat(context.path('link41')));
  },
  { operations: ['symlink', 'lookup'], timeoutMs: 60_000 },
);

group.add(
  'dangling-link-enoent',
  'stat(2) fails with ENOENT on a dangling symbolic link, lstat(2) does not',
  async (context) => {
    await symlink('nowhere', context.path('link'));
    await context.expectErrno('ENOENT', () => stat(context.path('link')));
    ok((await lstat(context.path('link'))).isSymbolicLink(), 'lstat sees the link');
  },
  { operations: ['symlink', 'stat'] },
);

group.add(
  'create-through-a-dangling-link',
  'open(2) with O_CREAT through a dangling symbolic link makes the target',
  async (context) => {
    await symlink('target', context.path('link'));
    await writeFile(context.path('link'), 'made');
    equal(await readFile(context.path('target'), 'utf8'), 'made', 'content of the target');
    ok((await lstat(context.path('link'))).isSymbolicLink(), 'the link is still a link');
  },
  { operations: ['symlink', 'create'] },
);

group.add(
  'readlink-einval-on-a-file',
  'readlink(2) fails with EINVAL on a file and on a directory',
  async (context) => {
    await makeFile(context, 'file');
    await context.expectErrno('EINVAL', () => readlink(context.path('file')));
    await context.expectErrno('EINVAL', () => readlink(context.directory));
  },
  { operations: ['readlink'] },
);

group.add(
  'again-after-unlink',
  'a symbolic link that was removed can be made again with another target',
  async (context) => {
    await symlink('first', context.path('link'));
    await unlink(context.path('link'));
    await symlink('second', context.path('link'));
    equal(await readlink(context.path('link')), 'second', 'target');
  },
);

group.add(
  'updates-the-times-of-the-parent',
  'symlink(2) updates mtime of the parent directory',
  async (context) => {
    await mkdir(context.path('parent'));
    await makeOld(context.path('parent'));
    await symlink('x', context.path('parent', 'link'));
    ok((await stats(context.path('parent'))).mtimeNs > OLD_NS, 'mtime of the parent is newer than before');
  },
  { operations: ['symlink'] },
);

group.add(
  'owner-is-the-caller',
  'symlink(2) gives the link to the caller',
  async (context) => {
    await chmod(context.directory, 0o777);
    equal(await asNobody(context, ['symlink', 'x', context.path('link')]), ['ok'], 'answer of symlink');
    equal((await linkStats(context.path('link'))).uid, BigInt(NOBODY), 'owner');
  },
  { operations: ['symlink'], needs: ['root'] },
);

group.add(
  'eacces-without-write-permission-on-the-parent',
  'symlink(2) fails with EACCES for another user who may not write to the parent',
  async (context) => {
    equal(await asNobody(context, ['symlink', 'x', context.path('link')]), ['EACCES'], 'errno of symlink');
  },
  { operations: ['symlink'], needs: ['root'] },
);

group.cases.push(
  ...pathErrorCases({
    group: 'symlink',
    operation: 'symlink',
    creates: true,
    needs: ['symlink'],
    call: (path) => symlink('target', path),
    asUser: (path) => ['symlink', 'target', path],
  }),
  ...pathErrorCases({
    group: 'symlink',
    variant: 'readlink',
    operation: 'readlink',
    needs: ['symlink'],
    call: (path) => readlink(path),
    asUser: (path) => ['readlink', path],
  }),
);

defineGroup(group);
