import { chmod, mkdir, readFile, symlink, truncate } from 'node:fs/promises';
import { CaseList, defineGroup, equal, ok, sameBytes } from '../../src/harness/api/index.js';
import { EDGES } from './shared/edges.js';
import {
  O_RDONLY,
  O_RDWR,
  clockPast,
  makeFile,
  makeOld,
  OLD_NS,
  permissions,
  stats,
  withFile,
} from './shared/files.js';
import { asNobody } from './shared/other-user.js';
import { pathErrorCases } from './shared/path-errors.js';

const group = new CaseList('posix', 'truncate', { operations: ['truncate'] });

group.add('to-zero', 'truncate(2) to 0 empties the file', async (context) => {
  const file = await makeFile(context, 'file', context.bytes(100_000));
  await truncate(file, 0);
  equal((await stats(file)).size, 0n, 'size');
  equal((await readFile(file)).length, 0, 'bytes read');
});

group.add('shorter', 'truncate(2) cuts the file off and keeps what is before', async (context) => {
  const content = context.bytes(100_000);
  const file = await makeFile(context, 'file', content);
  await truncate(file, 77_777);
  sameBytes(await readFile(file), content.subarray(0, 77_777), 'content');
});

group.add('longer-adds-zeros', 'truncate(2) to more than the size adds zeros', async (context) => {
  const content = context.bytes(50_000);
  const file = await makeFile(context, 'file', content);
  await truncate(file, 120_000);
  sameBytes(await readFile(file), Buffer.concat([content, Buffer.alloc(70_000)]), 'content');
});

group.add('same-size', 'truncate(2) to the size of the file keeps the content', async (context) => {
  const file = await makeFile(context, 'file', 'content');
  await truncate(file, 7);
  equal(await readFile(file, 'utf8'), 'content', 'content');
});

group.add(
  'shorter-then-longer-forgets',
  'what was cut off does not come back when the file grows again',
  async (context) => {
    const content = context.bytes(100_000);
    const file = await makeFile(context, 'file', content);
    await truncate(file, 5_000);
    await truncate(file, 100_000);
    sameBytes(
      await readFile(file),
      Buffer.concat([content.subarray(0, 5_000), Buffer.alloc(95_000)]),
      'content',
    );
  },
);

group.add('empty-file-to-1-mib', 'truncate(2) makes an empty file 1 MiB of zeros', async (context) => {
  const file = await makeFile(context, 'file');
  await truncate(file, 1_048_576);
  sameBytes(await readFile(file), Buffer.alloc(1_048_576), 'content');
});

for (const [name, edge] of EDGES) {
  group.add(
    `at-the-${name}-edge`,
    `truncate(2) one before, at and one after ${name.replace('-', ' ')} keeps just those bytes`,
    async (context) => {
      const content = context.bytes(edge + 100);
      const file = await makeFile(context, 'file', content);
      for (const size of [edge + 1, edge, edge - 1]) {
        await truncate(file, size);
        equal((await stats(file)).size, BigInt(size), 'size');
      }
      sameBytes(await readFile(file), content.subarray(0, edge - 1), 'content');
    },
    { timeoutMs: 60_000 },
  );
}

group.add(
  'by-descriptor',
  'ftruncate(2) cuts the file and later writes go on from the offset',
  async (context) => {
    const file = await makeFile(context, 'file');
    await withFile(file, O_RDWR, async (handle) => {
      await handle.write('0123456789');
      await handle.truncate(4);
      await handle.write('X');
    });
    sameBytes(await readFile(file), Buffer.from('0123\0\0\0\0\0\0X'), 'content');
  },
  { operations: ['ftruncate'] },
);

group.add(
  'by-descriptor-shows-by-name',
  'ftruncate(2) shows its size by name while the file is open',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    await withFile(file, O_RDWR, async (handle) => {
      await handle.truncate(1_000);
      equal((await stats(file)).size, 1_000n, 'size by name');
      equal((await handle.stat()).size, 1_000, 'size by descriptor');
    });
  },
  { operations: ['ftruncate'] },
);

group.add(
  'while-open-for-writing',
  'truncate(2) by name shows in a descriptor that has written and not closed',
  async (context) => {
    const file = await makeFile(context, 'file');
    await withFile(file, O_RDWR, async (handle) => {
      await handle.write('0123456789');
      await truncate(file, 3);
      equal((await handle.stat()).size, 3, 'size by descriptor');
    });
    equal(await readFile(file, 'utf8'), '012', 'content');
  },
);

group.add(
  'einval-on-a-read-only-descriptor',
  'ftruncate(2) fails with EINVAL or EBADF on a descriptor that is open for reading only',
  async (context) => {
    await withFile(await makeFile(context, 'file', 'kept'), O_RDONLY, (handle) =>
      context.expectErrno(['EINVAL', 'EBADF'], () => handle.truncate(0)),
    );
  },
  { operations: ['ftruncate'] },
);

group.add('eisdir-on-a-directory', 'truncate(2) fails with EISDIR on a directory', async (context) => {
  await mkdir(context.path('a'));
  await context.expectErrno('EISDIR', () => truncate(context.path('a'), 0));
});

group.add(
  'follows-a-symlink',
  'truncate(2) on a symbolic link cuts its target',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    await symlink('file', context.path('link'));
    await truncate(context.path('link'), 3);
    equal(await readFile(file, 'utf8'), 'con', 'content of the target');
  },
  { needs: ['symlink'] },
);

group.add(
  'updates-mtime-and-ctime',
  'truncate(2) that changes the size updates mtime and ctime',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    await makeOld(file);
    const before = await stats(file);
    await clockPast(context, before.ctimeNs);
    await truncate(file, 3);
    const after = await stats(file);
    ok(after.mtimeNs > OLD_NS, 'mtime is newer than before');
    ok(after.ctimeNs > before.ctimeNs, 'ctime is newer than before');
  },
);

group.add(
  'eacces-without-write-permission',
  'truncate(2) fails with EACCES for another user who may not write the file',
  async (context) => {
    const file = await makeFile(context, 'file', 'kept');
    equal(await asNobody(context, ['truncate', file, 0]), ['EACCES'], 'errno of truncate');
    equal(await readFile(file, 'utf8'), 'kept', 'content');
  },
  { needs: ['root'] },
);

group.add(
  'by-another-user-clears-set-user-id',
  'truncate(2) by a user without privileges clears the set-user-ID bit',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    await chmod(file, 0o4777);
    equal(await asNobody(context, ['truncate', file, 3]), ['ok'], 'answer of truncate');
    equal(permissions(await stats(file)), 0o777, 'permission bits');
  },
  { needs: ['root'] },
);

group.cases.push(
  ...pathErrorCases({
    group: 'truncate',
    operation: 'truncate',
    call: (path) => truncate(path, 0),
    asUser: (path) => ['truncate', path, 0],
  }),
);

defineGroup(group);
