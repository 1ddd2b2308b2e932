import { readFile } from 'node:fs/promises';
import { CaseList, FALLOCATE, defineGroup, equal, ok, sameBytes } from '../../src/harness/api/index.js';
import { O_RDONLY, O_RDWR, makeFile, makeOld, OLD_NS, stats, withFile } from './shared/files.js';

const group = new CaseList('posix', 'fallocate', { operations: ['fallocate'], needs: ['fallocate'] });

group.add('grows-the-file', 'fallocate(2) past the end grows the file with zeros', async (context) => {
  const file = await makeFile(context, 'file', 'head');
  await withFile(file, O_RDWR, (handle) => {
    context.sys.fallocate(handle.fd, 0, 0n, 100_000n);
    return Promise.resolve();
  });
  sameBytes(await readFile(file), Buffer.concat([Buffer.from('head'), Buffer.alloc(99_996)]), 'content');
});

group.add(
  'inside-keeps-content',
  'fallocate(2) inside the file changes neither size nor content',
  async (context) => {
    const content = context.bytes(50_000);
    const file = await makeFile(context, 'file', content);
    await withFile(file, O_RDWR, (handle) => {
      context.sys.fallocate(handle.fd, 0, 10_000n, 20_000n);
      return Promise.resolve();
    });
    sameBytes(await readFile(file), content, 'content');
  },
);

group.add('keep-size', 'fallocate(2) with KEEP_SIZE leaves the size', async (context) => {
  const file = await makeFile(context, 'file', 'content');
  await withFile(file, O_RDWR, (handle) => {
    context.sys.fallocate(handle.fd, FALLOCATE.keepSize, 0n, 1_000_000n);
    return Promise.resolve();
  });
  equal(await readFile(file, 'utf8'), 'content', 'content');
});

group.add(
  'punch-hole',
  'fallocate(2) with PUNCH_HOLE makes zeros of that range and leaves the size',
  async (context) => {
    const content = context.bytes(100_000);
    const file = await makeFile(context, 'file', content);
    await withFile(file, O_RDWR, (handle) => {
      context.sys.fallocate(handle.fd, FALLOCATE.punchHole | FALLOCATE.keepSize, 12_345n, 45_678n);
      return Promise.resolve();
    });
    content.fill(0, 12_345, 12_345 + 45_678);
    sameBytes(await readFile(file), content, 'content');
  },
);

group.add(
  'punch-hole-over-the-end',
  'fallocate(2) with PUNCH_HOLE over the end does not grow the file',
  async (context) => {
    const content = context.bytes(10_000);
    const file = await makeFile(context, 'file', content);
    await withFile(file, O_RDWR, (handle) => {
      context.sys.fallocate(handle.fd, FALLOCATE.punchHole | FALLOCATE.keepSize, 5_000n, 1_000_000n);
      return Promise.resolve();
    });
    sameBytes(
      await readFile(file),
      Buffer.concat([content.subarray(0, 5_000), Buffer.alloc(5_000)]),
      'content',
    );
  },
);

group.add('grown-size-shows', 'fallocate(2) that grows the file shows its size by name', async (context) => {
  const file = await makeFile(context, 'file', 'content');
  await makeOld(file);
  await withFile(file, O_RDWR, (handle) => {
    context.sys.fallocate(handle.fd, 0, 0n, 5_000n);
    return Promise.resolve();
  });
  const status = await stats(file);
  equal(status.size, 5_000n, 'size');
  ok(status.mtimeNs >= OLD_NS, 'mtime does not go back');
});

group.add(
  'einval-on-no-length',
  'fallocate(2) fails with EINVAL on a length of 0 and on a negative offset',
  async (context) => {
    await withFile(await makeFile(context, 'file'), O_RDWR, async (handle) => {
      await context.expectErrno('EINVAL', () => {
        context.sys.fallocate(handle.fd, 0, 0n, 0n);
      });
      await context.expectErrno('EINVAL', () => {
        context.sys.fallocate(handle.fd, 0, -1n, 10n);
      });
    });
  },
);

group.add(
  'ebadf-on-a-read-only-descriptor',
  'fallocate(2) fails with EBADF on a descriptor that is open for reading only',
  async (context) => {
    await withFile(await makeFile(context, 'file'), O_RDONLY, (handle) =>
      context.expectErrno('EBADF', () => {
        context.sys.fallocate(handle.fd, 0, 0n, 10n);
      }),
    );
  },
);

group.add(
  'eopnotsupp-punch-hole-without-keep-size',
  'fallocate(2) with PUNCH_HOLE and without KEEP_SIZE fails with EOPNOTSUPP',
  async (context) => {
    await withFile(await makeFile(context, 'file', 'content'), O_RDWR, (handle) =>
      context.expectErrno(['EOPNOTSUPP', 'EINVAL'], () => {
        context.sys.fallocate(handle.fd, FALLOCATE.punchHole, 0n, 10n);
      }),
    );
  },
);

defineGroup(group);
