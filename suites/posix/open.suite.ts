import { chmod, mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok } from '../../src/harness/api/index.js';
import {
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  isAbsent,
  makeFile,
  makeOld,
  OLD_NS,
  openAndClose,
  stats,
  withFile,
} from './shared/files.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'open', { operations: ['open'] });

group.add('truncates-with-o-trunc', 'open(2) with O_TRUNC empties the file at once', async (context) => {
  const file = await makeFile(context, 'file', 'content');
  await withFile(file, O_WRONLY | O_TRUNC, async () => {
    equal((await stats(file)).size, 0n, 'size while open');
  });
  equal(await readFile(file, 'utf8'), '', 'content');
});

group.add('o-trunc-updates-mtime', 'open(2) with O_TRUNC updates mtime', async (context) => {
  const file = await makeFile(context, 'file', 'content');
  await makeOld(file);
  await openAndClose(file, O_WRONLY | O_TRUNC);
  ok((await stats(file)).mtimeNs > OLD_NS, 'mtime is newer than before');
});

group.add(
  'without-o-trunc-keeps-content',
  'open(2) for writing without O_TRUNC keeps the content and mtime',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    await makeOld(file);
    await openAndClose(file, O_RDWR);
    equal(await readFile(file, 'utf8'), 'content', 'content');
    equal((await stats(file)).mtimeNs, OLD_NS, 'mtime');
  },
);

group.add('append-goes-to-the-end', 'write(2) with O_APPEND goes to the end of the file', async (context) => {
  const file = await makeFile(context, 'file', 'one ');
  await withFile(file, O_WRONLY | O_APPEND, (handle) => handle.write('two'));
  equal(await readFile(file, 'utf8'), 'one two', 'content');
});

group.add(
  'append-by-two-descriptors',
  'writes of two descriptors with O_APPEND follow each other and none is lost',
  async (context) => {
    const file = await makeFile(context, 'file');
    await withFile(file, O_WRONLY | O_APPEND, async (first) => {
      await withFile(file, O_WRONLY | O_APPEND, async (second) => {
        for (const [handle, text] of [
          [first, 'a1 '],
          [second, 'b1 '],
          [first, 'a2 '],
          [second, 'b2'],
        ] as const) {
          await handle.write(text);
        }
      });
    });
    equal(await readFile(file, 'utf8'), 'a1 b1 a2 b2', 'content');
  },
);

group.add(
  'append-after-truncate',
  'write(2) with O_APPEND after another descriptor truncated the file goes to the new end',
  async (context) => {
    const file = await makeFile(context, 'file', 'long content');
    await withFile(file, O_WRONLY | O_APPEND, async (handle) => {
      await withFile(file, O_RDWR, (other) => other.truncate(4));
      await handle.write('!');
    });
    equal(await readFile(file, 'utf8'), 'long!', 'content');
  },
);

group.add('o-directory-on-a-directory', 'open(2) with O_DIRECTORY opens a directory', async (context) => {
  await mkdir(context.path('a'));
  await withFile(context.path('a'), O_RDONLY | O_DIRECTORY, async (handle) => {
    ok((await handle.stat()).isDirectory(), 'fstat says that it is a directory');
  });
});

group.add(
  'enotdir-o-directory-on-a-file',
  'open(2) with O_DIRECTORY fails with ENOTDIR on a file',
  async (context) => {
    const file = await makeFile(context, 'file');
    await context.expectErrno('ENOTDIR', () => open(file, O_RDONLY | O_DIRECTORY));
  },
);

group.add(
  'eisdir-directory-for-writing',
  'open(2) of a directory for writing fails with EISDIR',
  async (context) => {
    await mkdir(context.path('a'));
    for (const flags of [O_WRONLY, O_RDWR, O_RDONLY | O_CREAT]) {
      await context.expectErrno('EISDIR', () => open(context.path('a'), flags));
    }
  },
);

group.add(
  'enotdir-file-with-a-trailing-slash',
  'open(2) of a file that is named with a trailing slash fails with ENOTDIR',
  async (context) => {
    const file = await makeFile(context, 'file');
    await context.expectErrno('ENOTDIR', () => open(`${file}/`, 'r'));
  },
);

group.add(
  'eloop-o-nofollow-on-a-symlink',
  'open(2) with O_NOFOLLOW fails with ELOOP on a symbolic link',
  async (context) => {
    await makeFile(context, 'file');
    await symlink('file', context.path('link'));
    await context.expectErrno('ELOOP', () => open(context.path('link'), O_RDONLY | O_NOFOLLOW));
  },
  { needs: ['symlink'] },
);

group.add(
  'o-nofollow-on-a-file',
  'open(2) with O_NOFOLLOW opens a file, also below a symbolic link to a directory',
  async (context) => {
    await mkdir(context.path('a'));
    await makeFile(context, 'a/file', 'content');
    await symlink('a', context.path('link'));
    await withFile(context.path('link', 'file'), O_RDONLY | O_NOFOLLOW, async (handle) => {
      equal(await handle.readFile('utf8'), 'content', 'content');
    });
  },
  { needs: ['symlink'] },
);

group.add(
  'enxio-fifo-without-a-reader',
  'open(2) of a fifo for writing without waiting fails with ENXIO while nobody reads',
  async (context) => {
    context.sys.mknod(context.path('fifo'), 0o010600, 0);
    const O_NONBLOCK = 0o4000;
    await context.expectErrno('ENXIO', () => open(context.path('fifo'), O_WRONLY | O_NONBLOCK));
  },
  { needs: ['mknod'] },
);

group.add(
  'many-descriptors-of-one-file',
  'fifty descriptors of one file read the same content',
  async (context) => {
    const file = await makeFile(context, 'file', 'shared');
    const handles = await Promise.all(Array.from({ length: 50 }, () => open(file, 'r')));
    try {
      for (const handle of handles) equal(await handle.readFile('utf8'), 'shared', 'content');
    } finally {
      await Promise.all(handles.map((handle) => handle.close()));
    }
  },
);

group.add(
  'sees-what-another-descriptor-wrote',
  'a descriptor reads what another one wrote and has not closed',
  async (context) => {
    const file = await makeFile(context, 'file', 'old old');
    await withFile(file, O_RDWR, async (writer) => {
      await withFile(file, O_RDONLY, async (reader) => {
        await writer.write('new', 0);
        equal(await reader.readFile('utf8'), 'new old', 'content by the other descriptor');
      });
    });
  },
);

group.add(
  'o-creat-on-an-existing-file',
  'open(2) of an existing file does not change it with O_CREAT',
  async (context) => {
    const file = await makeFile(context, 'file', 'kept');
    await chmod(file, 0o640);
    await openAndClose(file, O_RDWR | O_CREAT, 0o777);
    equal(await readFile(file, 'utf8'), 'kept', 'content');
    equal((await stats(file)).mode & 0o777n, 0o640n, 'permission bits');
  },
);

group.add(
  'eexist-o-excl',
  'open(2) with O_CREAT and O_EXCL fails with EEXIST on a file and on a directory',
  async (context) => {
    const file = await makeFile(context, 'file', 'kept');
    await mkdir(context.path('directory'));
    for (const path of [file, context.path('directory')]) {
      await context.expectErrno('EEXIST', () => open(path, O_RDWR | O_CREAT | O_EXCL));
    }
    equal(await readFile(file, 'utf8'), 'kept', 'content');
  },
);

group.add(
  'eexist-o-excl-on-a-dangling-symlink',
  'open(2) with O_CREAT and O_EXCL fails with EEXIST on a dangling symbolic link',
  async (context) => {
    await symlink('nowhere', context.path('link'));
    await context.expectErrno('EEXIST', () => writeFile(context.path('link'), '', { flag: 'wx' }));
    ok(await isAbsent(context.path('nowhere')), 'the target was not made');
  },
  { needs: ['symlink'] },
);

group.cases.push(
  ...pathErrorCases({
    group: 'open',
    operation: 'open',
    call: (path) => open(path, 'r'),
    asUser: (path) => ['open', path, 'r'],
  }),
);

defineGroup(group);
