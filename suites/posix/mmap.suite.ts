import { readFile } from 'node:fs/promises';
import { CaseList, defineGroup, equal, sameBytes, type CaseContext } from '../../src/harness/api/index.js';
import { O_APPEND, O_RDONLY, O_RDWR, makeFile, stats, withFile } from './shared/files.js';

const group = new CaseList('posix', 'mmap', { operations: ['mmap', 'msync'], needs: ['mmap'] });

/** Writes through a shared mapping and compares all bytes, by read(2). */
async function writeAndCompare(
  context: CaseContext,
  flags: number,
  sizeBytes: number,
  at: number,
  lengthBytes: number,
): Promise<void> {
  const content = context.bytes(sizeBytes);
  const file = await makeFile(context, 'file', content);
  const bytes = context.bytes(lengthBytes, 1);
  await withFile(file, flags, ({ fd }) => {
    context.sys.writeMapped(fd, at, bytes);
    return Promise.resolve();
  });
  bytes.copy(content, at);
  sameBytes(await readFile(file), content, 'content');
  equal((await stats(file)).size, BigInt(sizeBytes), 'size');
}

for (const [name, says, sizeBytes, at, lengthBytes] of [
  ['in-one-page', 'within one page', 10_000, 100, 50],
  ['whole-file', 'over a whole file', 65_536, 0, 65_536],
  ['across-pages', 'across a page edge', 20_000, 4_095, 2],
  ['across-blocks', 'from before to behind 128 KiB', 300_000, 131_071, 70_000],
  ['last-byte', 'to the last byte of a file that ends within a page', 10_001, 10_000, 1],
] as const) {
  group.add(
    `write-${name}`,
    `a write through a shared mapping ${says} shows to read(2), changes nothing else and does not grow the file`,
    (context) => writeAndCompare(context, O_RDWR, sizeBytes, at, lengthBytes),
  );
}

group.add(
  'write-by-an-appending-descriptor',
  'a write through a mapping of a descriptor with O_APPEND changes the mapped place and appends nothing',
  (context) => writeAndCompare(context, O_RDWR | O_APPEND, 10_000, 10, 100),
);

group.add(
  'write-beside-an-appending-descriptor',
  'a write through a mapping goes to its place while another descriptor of the file has O_APPEND',
  async (context) => {
    const file = await makeFile(context, 'file', context.bytes(10_000));
    await withFile(file, O_RDWR | O_APPEND, async (appending) => {
      await withFile(file, O_RDWR, ({ fd }) => {
        context.sys.writeMapped(fd, 0, Buffer.from('mapped'));
        return Promise.resolve();
      });
      await appending.write('appended');
    });
    const content = Buffer.concat([context.bytes(10_000), Buffer.from('appended')]);
    content.write('mapped', 0);
    sameBytes(await readFile(file), content, 'content');
  },
);

group.add(
  'write-then-write',
  'bytes of write(2) after those of a mapping at the same place are the ones that stay',
  async (context) => {
    const file = await makeFile(context, 'file', Buffer.alloc(5_000));
    await withFile(file, O_RDWR, async (handle) => {
      context.sys.writeMapped(handle.fd, 0, Buffer.from('mapped'));
      await handle.write('written', 2);
    });
    equal((await readFile(file)).toString('latin1', 0, 9), 'mawritten', 'content');
  },
);

group.add(
  'eacces-on-a-read-only-descriptor',
  'a writable shared mapping of a descriptor that is open for reading fails with EACCES',
  async (context) => {
    await withFile(await makeFile(context, 'file', 'content'), O_RDONLY, (handle) =>
      context.expectErrno('EACCES', () => {
        context.sys.writeMapped(handle.fd, 0, Buffer.from('x'));
      }),
    );
  },
);

defineGroup(group);
