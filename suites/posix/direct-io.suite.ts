import { constants, readSync, writeSync } from 'node:fs';
import { readFile, unlink } from 'node:fs/promises';
import { CaseList, defineGroup, equal, sameBytes, type CaseContext } from '../../src/harness/api/index.js';
import { O_APPEND, O_CREAT, O_RDWR, makeFile, withFile } from './shared/files.js';

const { O_DIRECT } = constants;
/** What every device and file system takes for offset, length and memory, open(2). */
const UNIT = 4096;

const group = new CaseList('posix', 'direct-io', { operations: ['open', 'read', 'write'] });

/** The content in memory that O_DIRECT takes. */
function aligned(context: CaseContext, content: Uint8Array): Buffer {
  const buffer = context.sys.alignedBuffer(content.length);
  buffer.set(content);
  return buffer;
}

function readDirect(context: CaseContext, fd: number, at: number, lengthBytes: number): Buffer {
  const buffer = context.sys.alignedBuffer(lengthBytes);
  return buffer.subarray(0, readSync(fd, buffer, 0, lengthBytes, at));
}

for (const [name, units] of [
  ['one-unit', 1],
  ['a-block', 32],
  ['more-than-one-request', 700],
] as const) {
  group.add(
    `written-${name}`,
    `what is written with O_DIRECT in one call of ${units} x 4 KiB is read back with and without it`,
    async (context) => {
      const content = context.bytes(units * UNIT);
      await withFile(context.path('file'), O_RDWR | O_CREAT | O_DIRECT, ({ fd }) => {
        equal(writeSync(fd, aligned(context, content), 0, content.length, 0), content.length, 'written');
        sameBytes(readDirect(context, fd, 0, content.length), content, 'content with O_DIRECT');
        return Promise.resolve();
      });
      sameBytes(await readFile(context.path('file')), content, 'content');
    },
  );
}

group.add(
  'read-over-the-end',
  'a read with O_DIRECT over the end gives what there is, and at the end nothing',
  async (context) => {
    const content = context.bytes(UNIT + 1_000);
    const file = await makeFile(context, 'file', content);
    await withFile(file, O_RDWR | O_DIRECT, ({ fd }) => {
      sameBytes(readDirect(context, fd, UNIT, 4 * UNIT), content.subarray(UNIT), 'last bytes');
      equal(readDirect(context, fd, 2 * UNIT, UNIT).length, 0, 'bytes behind the end');
      return Promise.resolve();
    });
  },
);

group.add(
  'beside-buffered',
  'a descriptor with O_DIRECT and one without see what the other has written',
  async (context) => {
    const file = await makeFile(context, 'file', Buffer.alloc(4 * UNIT));
    const [first, second] = [context.bytes(UNIT, 1), context.bytes(UNIT, 2)];
    await withFile(file, O_RDWR | O_DIRECT, async (direct) => {
      await withFile(file, O_RDWR, async (buffered) => {
        await buffered.read(Buffer.alloc(4 * UNIT), 0, 4 * UNIT, 0);
        writeSync(direct.fd, aligned(context, first), 0, UNIT, 0);
        const seen = Buffer.alloc(UNIT);
        await buffered.read(seen, 0, UNIT, 0);
        sameBytes(seen, first, 'content of O_DIRECT, without it');
        await buffered.write(second, 0, UNIT, 2 * UNIT);
        sameBytes(
          readDirect(context, direct.fd, 2 * UNIT, UNIT),
          second,
          'content without O_DIRECT, with it',
        );
      });
    });
    const expected = Buffer.concat([first, Buffer.alloc(UNIT), second, Buffer.alloc(UNIT)]);
    sameBytes(await readFile(file), expected, 'content');
  },
);

group.add(
  'empty-without-a-name',
  'a read with O_DIRECT of an empty file that was unlinked gives nothing',
  async (context) => {
    const file = await makeFile(context, 'file');
    await withFile(file, O_RDWR | O_DIRECT, async ({ fd }) => {
      await unlink(file);
      equal(readDirect(context, fd, 0, UNIT).length, 0, 'bytes');
    });
  },
);

group.add('appended', 'writes with O_DIRECT and O_APPEND go to the end', async (context) => {
  const file = await makeFile(context, 'file', context.bytes(2 * UNIT));
  await withFile(file, O_RDWR | O_DIRECT | O_APPEND, ({ fd }) => {
    for (const salt of [1, 2]) writeSync(fd, aligned(context, context.bytes(UNIT, salt)), 0, UNIT);
    return Promise.resolve();
  });
  const expected = Buffer.concat([context.bytes(2 * UNIT), context.bytes(UNIT, 1), context.bytes(UNIT, 2)]);
  sameBytes(await readFile(file), expected, 'content');
});

defineGroup(group);
