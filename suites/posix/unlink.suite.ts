import { chmod, link, mkdir, readFile, readdir, symlink, unlink, writeFile } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok, sameBytes } from '../../src/harness/api/index.js';
import { clockPast, isAbsent, makeFile, makeOld, OLD_NS, stats, withFile } from './shared/files.js';
import { asNobody } from './shared/other-user.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'unlink', { operations: ['unlink'] });

group.add('removes-a-file', 'unlink(2) removes a file and its name', async (context) => {
  const file = await makeFile(context, 'file', 'content');
  await unlink(file);
  ok(await isAbsent(file), 'the name is gone');
  equal(await readdir(context.directory), [], 'names left');
});

group.add('removes-an-empty-file', 'unlink(2) removes a file without content', async (context) => {
  const file = await makeFile(context, 'file');
  await unlink(file);
  ok(await isAbsent(file), 'the name is gone');
});

group.add(
  'removes-a-symlink-and-not-its-target',
  'unlink(2) removes a symbolic link and leaves its target',
  async (context) => {
    const file = await makeFile(context, 'file', 'kept');
    await symlink('file', context.path('link'));
    await unlink(context.path('link'));
    ok(await isAbsent(context.path('link')), 'the link is gone');
    equal(await readFile(file, 'utf8'), 'kept', 'content of the target');
  },
  { needs: ['symlink'] },
);

group.add(
  'removes-a-fifo',
  'unlink(2) removes a fifo',
  async (context) => {
    context.sys.mknod(context.path('fifo'), 0o010644, 0);
    await unlink(context.path('fifo'));
    ok(await isAbsent(context.path('fifo')), 'the name is gone');
  },
  { needs: ['mknod'] },
);

group.add(
  'eisdir-on-a-directory',
  'unlink(2) fails with EISDIR on a directory and leaves it',
  async (context) => {
    await mkdir(context.path('a'));
    await context.expectErrno(['EISDIR', 'EPERM'], () => unlink(context.path('a')));
    ok((await stats(context.path('a'))).isDirectory(), 'the directory is still there');
  },
);

group.add(
  'enotdir-with-a-trailing-slash',
  'unlink(2) fails with ENOTDIR on a file that is named with a trailing slash',
  async (context) => {
    const file = await makeFile(context, 'file');
    await context.expectErrno('ENOTDIR', () => unlink(`${file}/`));
  },
);

group.add(
  'open-file-stays-readable',
  'an open file whose name was removed can be read until it is closed',
  async (context) => {
    const content = context.bytes(200_000);
    const file = await makeFile(context, 'file', content);
    await withFile(file, 'r', async (handle) => {
      await unlink(file);
      ok(await isAbsent(file), 'the name is gone');
      sameBytes(await handle.readFile(), content, 'content read after unlink');
    });
  },
);

group.add(
  'open-file-stays-writable',
  'an open file whose name was removed can be written and read back',
  async (context) => {
    const file = await makeFile(context, 'file', 'before');
    await withFile(file, 'r+', async (handle) => {
      await unlink(file);
      await handle.write('AFTER', 1);
      const buffer = Buffer.alloc(6);
      await handle.read(buffer, 0, 6, 0);
      equal(buffer.toString(), 'bAFTER', 'content through the descriptor');
    });
    ok(await isAbsent(file), 'closing does not bring the name back');
    equal(await readdir(context.directory), [], 'names left');
  },
);

group.add(
  'open-new-file-leaves-nothing',
  'a file that was made, removed while open, and closed leaves nothing behind',
  async (context) => {
    await withFile(context.path('file'), 'wx+', async (handle) => {
      await handle.write('temporary');
      await unlink(context.path('file'));
      await handle.sync();
    });
    equal(await readdir(context.directory), [], 'names left');
  },
);

group.add(
  'open-file-has-no-links',
  'an open file whose last name was removed has a link count of 0',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    await withFile(file, 'r', async (handle) => {
      await unlink(file);
      const status = await handle.stat({ bigint: true });
      equal(status.nlink, 0n, 'link count');
      equal(status.size, 7n, 'size');
    });
  },
  { operations: ['unlink', 'fstat'] },
);

group.add(
  'name-can-be-used-again-while-open',
  'a new file under the name of a removed open file has its own content',
  async (context) => {
    const file = await makeFile(context, 'file', 'first');
    await withFile(file, 'r', async (handle) => {
      await unlink(file);
      await writeFile(file, 'second');
      equal(await handle.readFile('utf8'), 'first', 'content through the old descriptor');
    });
    equal(await readFile(file, 'utf8'), 'second', 'content of the new file');
  },
);

group.add(
  'leaves-the-other-hard-link',
  'unlink(2) of one of two names leaves the other with its content and a link count of 1',
  async (context) => {
    const file = await makeFile(context, 'file', 'shared');
    await link(file, context.path('other'));
    await unlink(file);
    equal(await readFile(context.path('other'), 'utf8'), 'shared', 'content by the other name');
    equal((await stats(context.path('other'))).nlink, 1n, 'link count');
  },
  { needs: ['hard-link'] },
);

group.add(
  'updates-ctime-of-a-file-with-another-name',
  'unlink(2) of one of two names updates ctime of the file',
  async (context) => {
    const file = await makeFile(context, 'file');
    await link(file, context.path('other'));
    const before = await stats(file);
    await clockPast(context, before.ctimeNs);
    await unlink(file);
    ok((await stats(context.path('other'))).ctimeNs > before.ctimeNs, 'ctime is newer than before');
  },
  { needs: ['hard-link'] },
);

group.add(
  'updates-the-times-of-the-parent',
  'unlink(2) updates mtime of the parent directory',
  async (context) => {
    await mkdir(context.path('parent'));
    await makeFile(context, 'parent/file');
    await makeOld(context.path('parent'));
    await unlink(context.path('parent', 'file'));
    ok((await stats(context.path('parent'))).mtimeNs > OLD_NS, 'mtime of the parent is newer than before');
  },
);

group.add(
  'eacces-without-write-permission-on-the-parent',
  'unlink(2) fails with EACCES for another user who may not write to the parent',
  async (context) => {
    const file = await makeFile(context, 'file');
    await chmod(file, 0o777);
    equal(await asNobody(context, ['unlink', file]), ['EACCES'], 'errno of unlink');
  },
  { needs: ['root'] },
);

group.add(
  'eperm-in-a-sticky-directory',
  'unlink(2) fails with EPERM for another user in a sticky directory',
  async (context) => {
    const file = await makeFile(context, 'file');
    await chmod(context.directory, 0o1777);
    equal(await asNobody(context, ['unlink', file]), ['EPERM'], 'errno of unlink');
  },
  { needs: ['root'] },
);

group.add(
  'needs-no-permission-on-the-file',
  'unlink(2) removes a file of mode 0 for a user who may write to the parent',
  async (context) => {
    const file = await makeFile(context, 'file');
    await chmod(file, 0);
    await chmod(context.directory, 0o777);
    equal(await asNobody(context, ['unlink', file]), ['ok'], 'answer of unlink');
  },
  { needs: ['root'] },
);

group.cases.push(
  ...pathErrorCases({
    group: 'unlink',
    operation: 'unlink',
    call: (path) => unlink(path),
    asUser: (path) => ['unlink', path],
  }),
);

defineGroup(group);
