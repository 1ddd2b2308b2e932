import { constants } from 'node:fs';
import { chmod, chown, mkdir, open, readdir, rm } from 'node:fs/promises';
import { CaseList, NOBODY, defineGroup, equal, ok } from '../../src/harness/api/index.js';
import { makeFile, makeOld, OLD_NS, permissions, stats } from './shared/files.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'mknod', { operations: ['mknod'], needs: ['mknod'] });
const { S_IFBLK, S_IFCHR, S_IFIFO, S_IFREG, S_IFSOCK, O_NONBLOCK, O_RDWR } = constants;

for (const mode of [0o600, 0o644, 0o755]) {
  group.add(
    `fifo-${mode.toString(8)}`,
    `mknod(2) makes a fifo of mode ${mode.toString(8)}`,
    async (context) => {
      context.sys.mknod(context.path('fifo'), S_IFIFO | mode, 0);
      const status = await stats(context.path('fifo'));
      ok(status.isFIFO(), 'it is a fifo');
      equal([permissions(status), status.size, status.nlink], [mode, 0n, 1n], 'mode, size and link count');
    },
  );
}

group.add('fifo-carries-bytes', 'what is written into a fifo is read from it', async (context) => {
  context.sys.mknod(context.path('fifo'), S_IFIFO | 0o600, 0);
  const handle = await open(context.path('fifo'), O_RDWR | O_NONBLOCK);
  try {
    await handle.write('through');
    const buffer = Buffer.alloc(7);
    await handle.read(buffer, 0, 7, null);
    equal(buffer.toString(), 'through', 'bytes read');
  } finally {
    await handle.close();
  }
});

group.add('regular-file', 'mknod(2) makes an empty regular file that can be written', async (context) => {
  context.sys.mknod(context.path('file'), S_IFREG | 0o640, 0);
  const status = await stats(context.path('file'));
  ok(status.isFile(), 'it is a regular file');
  equal([permissions(status), status.size], [0o640, 0n], 'mode and size');
});

group.add('socket', 'mknod(2) makes a socket', async (context) => {
  context.sys.mknod(context.path('socket'), S_IFSOCK | 0o600, 0);
  ok((await stats(context.path('socket'))).isSocket(), 'it is a socket');
});

for (const [name, type] of [
  ['character-device', S_IFCHR],
  ['block-device', S_IFBLK],
] as const) {
  group.add(
    name,
    `mknod(2) makes a ${name.replace('-', ' ')} node and keeps its numbers`,
    async (context) => {
      const device = (7 << 8) | 42;
      context.sys.mknod(context.path('node'), type | 0o600, device);
      const status = await stats(context.path('node'));
      equal(Number(status.mode) & constants.S_IFMT, type, 'file type');
      equal(status.rdev, BigInt(device), 'device number');
    },
    { needs: ['root'] },
  );
}

group.add(
  'is-listed-with-its-type',
  'readdir(3) lists a fifo as one, and chmod(2) changes its mode',
  async (context) => {
    context.sys.mknod(context.path('fifo'), S_IFIFO | 0o600, 0);
    const [entry] = await readdir(context.directory, { withFileTypes: true });
    equal([entry?.name, entry?.isFIFO()], ['fifo', true], 'name and type');
    await chmod(context.path('fifo'), 0o666);
    equal(permissions(await stats(context.path('fifo'))), 0o666, 'permission bits');
    await rm(context.path('fifo'));
  },
  { operations: ['mknod', 'readdir', 'chmod'] },
);

group.add(
  'eexist-when-the-name-is-taken',
  'mknod(2) fails with EEXIST when the name exists',
  async (context) => {
    const file = await makeFile(context, 'file');
    await mkdir(context.path('directory'));
    for (const path of [file, context.path('directory')]) {
      await context.expectErrno('EEXIST', () => {
        context.sys.mknod(path, S_IFIFO | 0o600, 0);
      });
    }
  },
);

group.add(
  'updates-the-times-of-the-parent',
  'mknod(2) updates mtime of the parent directory',
  async (context) => {
    await mkdir(context.path('parent'));
    await makeOld(context.path('parent'));
    context.sys.mknod(context.path('parent', 'fifo'), S_IFIFO | 0o600, 0);
    ok((await stats(context.path('parent'))).mtimeNs > OLD_NS, 'mtime of the parent is newer than before');
  },
);

group.add(
  'can-be-given-away',
  'chown(2) sets the owner of a fifo',
  async (context) => {
    context.sys.mknod(context.path('fifo'), S_IFIFO | 0o600, 0);
    await chown(context.path('fifo'), NOBODY, NOBODY);
    const status = await stats(context.path('fifo'));
    equal([status.uid, status.isFIFO()], [BigInt(NOBODY), true], 'owner and type');
  },
  { operations: ['mknod', 'chown'], needs: ['root', 'chown'] },
);

group.cases.push(
  ...pathErrorCases({
    group: 'mknod',
    operation: 'mknod',
    creates: true,
    needs: ['mknod'],
    call: (path, context) => {
      context.sys.mknod(path, S_IFIFO | 0o600, 0);
    },
  }),
);

defineGroup(group);
