import { truncate } from 'node:fs/promises';
import { CaseList, SEEK, defineGroup, equal, ok } from '../../src/harness/api/index.js';
import { O_RDWR, makeFile, withFile } from './shared/files.js';

const group = new CaseList('posix', 'seek', { operations: ['lseek'], needs: ['seek-hole'] });

group.add(
  'data-at-the-start',
  'lseek(2) with SEEK_DATA at the start of a file with content stays there',
  async (context) => {
    await withFile(await makeFile(context, 'file', context.bytes(10_000)), 'r', (handle) => {
      equal(context.sys.lseek(handle.fd, 0n, SEEK.data), 0n, 'offset');
      equal(context.sys.lseek(handle.fd, 5_000n, SEEK.data), 5_000n, 'offset in the middle');
      return Promise.resolve();
    });
  },
);

group.add(
  'hole-at-the-end',
  'lseek(2) with SEEK_HOLE in a file without holes goes to its end',
  async (context) => {
    await withFile(await makeFile(context, 'file', context.bytes(10_000)), 'r', (handle) => {
      equal(context.sys.lseek(handle.fd, 0n, SEEK.hole), 10_000n, 'offset');
      equal(context.sys.lseek(handle.fd, 9_999n, SEEK.hole), 10_000n, 'offset from the last byte');
      return Promise.resolve();
    });
  },
);

group.add(
  'enxio-at-the-end',
  'lseek(2) with SEEK_DATA and SEEK_HOLE at and after the end fails with ENXIO',
  async (context) => {
    await withFile(await makeFile(context, 'file', 'content'), 'r', async (handle) => {
      for (const whence of [SEEK.data, SEEK.hole]) {
        for (const offset of [7n, 8n, 1_000_000n]) {
          await context.expectErrno('ENXIO', () => context.sys.lseek(handle.fd, offset, whence));
        }
      }
    });
  },
);

group.add(
  'enxio-in-an-empty-file',
  'lseek(2) with SEEK_DATA in an empty file fails with ENXIO',
  async (context) => {
    await withFile(await makeFile(context, 'file'), 'r', (handle) =>
      context.expectErrno('ENXIO', () => context.sys.lseek(handle.fd, 0n, SEEK.data)),
    );
  },
);

group.add(
  'never-skips-data',
  'no byte that was written lies in what SEEK_DATA and SEEK_HOLE call a hole',
  async (context) => {
    const file = await makeFile(context, 'file');
    await withFile(file, O_RDWR, async (handle) => {
      await handle.write(context.bytes(8192), 0, 8192, 1_048_576);
      await handle.write(context.bytes(8192), 0, 8192, 4_194_304);
      await truncate(file, 8_388_608);
      for (const start of [1_048_576n, 4_194_304n]) {
        ok(
          context.sys.lseek(handle.fd, start, SEEK.data) === start,
          `SEEK_DATA at ${start} stays on the data`,
        );
        ok(
          context.sys.lseek(handle.fd, start, SEEK.hole) >= start + 8192n,
          `SEEK_HOLE at ${start} leaves the data out`,
        );
      }
      ok(
        context.sys.lseek(handle.fd, 0n, SEEK.data) <= 1_048_576n,
        'SEEK_DATA from the start finds the first data',
      );
    });
  },
);

group.add('seek-moves-the-offset', 'the next read(2) starts where SEEK_DATA went', async (context) => {
  const file = await makeFile(context, 'file', 'abcdef');
  await withFile(file, 'r', async (handle) => {
    context.sys.lseek(handle.fd, 3n, SEEK.data);
    const buffer = Buffer.alloc(3);
    await handle.read(buffer, 0, 3, null);
    equal(buffer.toString(), 'def', 'bytes read');
  });
});

defineGroup(group);
