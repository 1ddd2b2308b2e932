import { chmod, link, mkdir, readFile, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok, sameBytes } from '../../src/harness/api/index.js';
import {
  clockPast,
  isAbsent,
  linkStats,
  makeFile,
  makeOld,
  OLD_NS,
  permissions,
  stats,
  withFile,
} from './shared/files.js';
import { asNobody } from './shared/other-user.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'rename', { operations: ['rename'] });

group.add(
  'gives-a-file-a-new-name',
  'rename(2) gives a file a new name in its directory and keeps the content',
  async (context) => {
    const content = context.bytes(150_000);
    const from = await makeFile(context, 'from', content);
    await rename(from, context.path('to'));
    equal(await readdir(context.directory), ['to'], 'names');
    sameBytes(await readFile(context.path('to')), content, 'content');
  },
);

group.add(
  'moves-a-file-into-another-directory',
  'rename(2) moves a file into another directory',
  async (context) => {
    await mkdir(context.path('a'));
    await mkdir(context.path('b'));
    await makeFile(context, 'a/file', 'moved');
    await rename(context.path('a', 'file'), context.path('b', 'other'));
    equal(await readdir(context.path('a')), [], 'names in the old directory');
    equal(await readFile(context.path('b', 'other'), 'utf8'), 'moved', 'content');
  },
);

group.add(
  'keeps-inode-mode-and-mtime',
  'rename(2) keeps inode number, mode, owner and mtime of a file',
  async (context) => {
    const from = await makeFile(context, 'from', 'x');
    await chmod(from, 0o640);
    await makeOld(from);
    const before = await stats(from);
    await rename(from, context.path('to'));
    const after = await stats(context.path('to'));
    equal(after.ino, before.ino, 'inode number');
    equal(permissions(after), 0o640, 'permission bits');
    equal([after.uid, after.gid], [before.uid, before.gid], 'owner and group');
    equal(after.mtimeNs, OLD_NS, 'mtime');
  },
);

group.add('file-over-file', 'rename(2) of a file over a file replaces it', async (context) => {
  const from = await makeFile(context, 'from', 'new');
  const to = await makeFile(context, 'to', 'old content that is longer');
  await rename(from, to);
  equal(await readdir(context.directory), ['to'], 'names');
  equal(await readFile(to, 'utf8'), 'new', 'content');
});

group.add(
  'file-over-open-file',
  'a file that is replaced by rename(2) while it is open keeps its content for that descriptor',
  async (context) => {
    const to = await makeFile(context, 'to', 'old');
    const from = await makeFile(context, 'from', 'new');
    await withFile(to, 'r', async (handle) => {
      await rename(from, to);
      equal(await handle.readFile('utf8'), 'old', 'content through the old descriptor');
    });
    equal(await readFile(to, 'utf8'), 'new', 'content by name');
  },
);

group.add(
  'open-file-is-followed',
  'what is written through a descriptor after rename(2) is in the file under its new name',
  async (context) => {
    const from = await makeFile(context, 'from', 'one ');
    await withFile(from, 'a', async (handle) => {
      await rename(from, context.path('to'));
      await handle.write('two');
    });
    equal(await readFile(context.path('to'), 'utf8'), 'one two', 'content');
    equal(await readdir(context.directory), ['to'], 'names');
  },
);

group.add(
  'new-file-renamed-while-open',
  'a new file that is renamed before it is closed arrives whole under the new name',
  async (context) => {
    await withFile(context.path('.temporary'), 'wx', async (handle) => {
      await handle.write('safe save');
      await rename(context.path('.temporary'), context.path('document'));
    });
    equal(await readFile(context.path('document'), 'utf8'), 'safe save', 'content');
    equal(await readdir(context.directory), ['document'], 'names');
  },
);

group.add(
  'eisdir-file-over-directory',
  'rename(2) of a file over a directory fails with EISDIR',
  async (context) => {
    const from = await makeFile(context, 'from');
    await mkdir(context.path('to'));
    await context.expectErrno('EISDIR', () => rename(from, context.path('to')));
    ok(!(await isAbsent(from)), 'the file is still there');
  },
);

group.add(
  'same-name',
  'rename(2) of a file to its own name succeeds and changes nothing',
  async (context) => {
    const file = await makeFile(context, 'file', 'kept');
    await rename(file, file);
    equal(await readFile(file, 'utf8'), 'kept', 'content');
  },
);

group.add(
  'two-names-of-one-file',
  'rename(2) between two names of one file succeeds and leaves both',
  async (context) => {
    const file = await makeFile(context, 'file', 'kept');
    await link(file, context.path('other'));
    await rename(file, context.path('other'));
    equal((await readdir(context.directory)).toSorted(), ['file', 'other'], 'names');
  },
  { needs: ['hard-link'] },
);

group.add(
  'symlink-itself-is-moved',
  'rename(2) moves a symbolic link and not its target',
  async (context) => {
    await makeFile(context, 'target', 'kept');
    await symlink('target', context.path('link'));
    await rename(context.path('link'), context.path('moved'));
    ok((await linkStats(context.path('moved'))).isSymbolicLink(), 'the new name is a symbolic link');
    equal(await readFile(context.path('target'), 'utf8'), 'kept', 'content of the target');
  },
  { needs: ['symlink'] },
);

group.add(
  'file-over-symlink',
  'rename(2) of a file over a symbolic link replaces the link and leaves its target',
  async (context) => {
    const from = await makeFile(context, 'from', 'new');
    await makeFile(context, 'target', 'kept');
    await symlink('target', context.path('link'));
    await rename(from, context.path('link'));
    ok((await linkStats(context.path('link'))).isFile(), 'the name is a file now');
    equal(await readFile(context.path('target'), 'utf8'), 'kept', 'content of the old target');
  },
  { needs: ['symlink'] },
);

group.add(
  'fifo',
  'rename(2) moves a fifo',
  async (context) => {
    context.sys.mknod(context.path('from'), 0o010600, 0);
    await rename(context.path('from'), context.path('to'));
    ok((await stats(context.path('to'))).isFIFO(), 'the new name is a fifo');
  },
  { needs: ['mknod'] },
);

group.add(
  'chain-of-renames',
  'a file that is renamed ten times in a row keeps its content, and only the last name is left',
  async (context) => {
    await makeFile(context, 'name0', 'travels');
    for (let step = 0; step < 10; step += 1) {
      await rename(context.path(`name${step}`), context.path(`name${step + 1}`));
    }
    equal(await readdir(context.directory), ['name10'], 'names');
    equal(await readFile(context.path('name10'), 'utf8'), 'travels', 'content');
  },
);

group.add(
  'old-name-can-be-used-again',
  'the old name can be used for a new file at once',
  async (context) => {
    const from = await makeFile(context, 'from', 'first');
    await rename(from, context.path('to'));
    await writeFile(from, 'second');
    equal(await readFile(from, 'utf8'), 'second', 'content of the new file');
    equal(await readFile(context.path('to'), 'utf8'), 'first', 'content of the moved file');
  },
);

group.add('swap-through-a-third-name', 'two files change places through a third name', async (context) => {
  await makeFile(context, 'a', 'A');
  await makeFile(context, 'b', 'B');
  await rename(context.path('a'), context.path('c'));
  await rename(context.path('b'), context.path('a'));
  await rename(context.path('c'), context.path('b'));
  equal(
    [await readFile(context.path('a'), 'utf8'), await readFile(context.path('b'), 'utf8')],
    ['B', 'A'],
    'contents',
  );
});

group.add(
  'updates-the-times-of-both-parents',
  'rename(2) updates mtime of the old and the new parent directory',
  async (context) => {
    await mkdir(context.path('a'));
    await mkdir(context.path('b'));
    await makeFile(context, 'a/file');
    await makeOld(context.path('a'));
    await makeOld(context.path('b'));
    await rename(context.path('a', 'file'), context.path('b', 'file'));
    ok((await stats(context.path('a'))).mtimeNs > OLD_NS, 'mtime of the old parent is newer');
    ok((await stats(context.path('b'))).mtimeNs > OLD_NS, 'mtime of the new parent is newer');
  },
);

group.add(
  'replaced-file-with-another-name-loses-a-link',
  'a file that is replaced by rename(2) and has another name loses one link',
  async (context) => {
    const to = await makeFile(context, 'to', 'old');
    await link(to, context.path('other'));
    const before = await stats(to);
    await clockPast(context, before.ctimeNs);
    await rename(await makeFile(context, 'from', 'new'), to);
    const after = await stats(context.path('other'));
    equal(after.nlink, 1n, 'link count');
    ok(after.ctimeNs > before.ctimeNs, 'ctime of the replaced file is newer');
  },
  { needs: ['hard-link'] },
);

group.add(
  'eacces-without-write-permission-on-the-parent',
  'rename(2) fails with EACCES for another user who may not write to the parent',
  async (context) => {
    const from = await makeFile(context, 'from');
    equal(await asNobody(context, ['rename', from, context.path('to')]), ['EACCES'], 'errno of rename');
  },
  { needs: ['root'] },
);

group.add(
  'eperm-in-a-sticky-directory',
  'rename(2) fails with EPERM for another user in a sticky directory',
  async (context) => {
    const from = await makeFile(context, 'from');
    await chmod(context.directory, 0o1777);
    equal(await asNobody(context, ['rename', from, context.path('to')]), ['EPERM'], 'errno of rename');
  },
  { needs: ['root'] },
);

group.cases.push(
  ...pathErrorCases({
    group: 'rename',
    variant: 'from',
    operation: 'rename',
    call: (path, context) => rename(path, context.path('new-name')),
    asUser: (path, context) => ['rename', path, context.path('new-name')],
  }),
  ...pathErrorCases({
    group: 'rename',
    variant: 'to',
    operation: 'rename',
    creates: true,
    prepare: async (context) => {
      await makeFile(context, 'source');
    },
    call: (path, context) => rename(context.path('source'), path),
    asUser: (path, context) => ['rename', context.path('source'), path],
  }),
);

defineGroup(group);
