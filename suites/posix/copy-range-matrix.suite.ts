import { readFileSync, writeFileSync } from 'node:fs';
import { CaseList, SEEK, defineGroup, equal, sameBytes } from '../../src/harness/api/index.js';
import { expectAnswers, withRaw } from './shared/answers.js';
import {
  O_APPEND,
  O_DIRECTORY,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  clockPast,
  makeFile,
  stats,
} from './shared/files.js';

const group = new CaseList('posix', 'copy-range-matrix', { operations: ['copy_file_range'], tier: 'full' });

const SIZE = 200_000;
/** From, to, length: whole, edges of pages and blocks, over the end of the source, behind the end of the target. */
const spans: readonly (readonly [number, number, number])[] = [
  [0, 0, SIZE],
  [0, 1, SIZE],
  [1, 0, 4096],
  [4095, 4097, 2],
  [131_071, 5, 3],
  [SIZE - 1, 0, 100],
  [0, SIZE + 5000, 70_000],
  [100_000, SIZE, SIZE],
];

for (const [from, to, length] of spans) {
  group.add(
    `${length}-bytes-from-${from}-to-${to}`,
    `copy_file_range(2) of ${length} bytes from ${from} to ${to} of another file changes those bytes alone`,
    async (context) => {
      const [source, target] = [context.bytes(SIZE, 1), context.bytes(SIZE, 2)];
      const fromPath = await makeFile(context, 'source', source);
      const toPath = await makeFile(context, 'target', target);
      const copied = withRaw(context, fromPath, O_RDONLY, (reader) =>
        withRaw(context, toPath, O_RDWR, (writer) => {
          let done = 0;
          while (done < length) {
            const count = context.sys.copyFileRange(
              reader,
              BigInt(from + done),
              writer,
              BigInt(to + done),
              length - done,
            );
            if (count === 0) break;
            done += count;
          }
          return done;
        }),
      );
      const piece = source.subarray(from, from + length);
      equal(copied, piece.length, 'bytes copied');
      const expected = Buffer.alloc(Math.max(SIZE, to + piece.length));
      target.copy(expected);
      piece.copy(expected, to);
      sameBytes(readFileSync(toPath), expected, 'target');
      sameBytes(readFileSync(fromPath), source, 'source');
    },
  );
}

group.add(
  'own-offsets',
  'copy_file_range(2) without offsets uses and moves those of the descriptors',
  async (context) => {
    const { sys } = context;
    const source = await makeFile(context, 'source', 'abcdefghij');
    const target = await makeFile(context, 'target', '0123456789');
    withRaw(context, source, O_RDONLY, (from) => {
      withRaw(context, target, O_RDWR, (to) => {
        sys.call('lseek', from, 2, SEEK.set);
        sys.call('lseek', to, 5, SEEK.set);
        equal(sys.call('copy_file_range', from, null, to, null, 3, 0), 3n, 'bytes copied');
        equal(
          [sys.call('lseek', from, 0, SEEK.current), sys.call('lseek', to, 0, SEEK.current)],
          [5n, 8n],
          'offsets',
        );
      });
    });
    equal(readFileSync(target, 'utf8'), '01234cde89', 'target');
  },
);

group.add(
  'within-one-file',
  'copy_file_range(2) copies within one file where the ranges do not overlap, and refuses where they do',
  async (context) => {
    const content = context.bytes(100_000);
    const file = await makeFile(context, 'file', content);
    withRaw(context, file, O_RDWR, (fd) => {
      const copy = (from: number, to: number, length: number) => () =>
        context.sys.copyFileRange(fd, BigInt(from), fd, BigInt(to), length);
      expectAnswers([
        ['ranges that overlap', 'EINVAL', copy(0, 10, 100)],
        ['ranges that overlap the other way', 'EINVAL', copy(10, 0, 100)],
        ['the same range', 'EINVAL', copy(5, 5, 1)],
      ]);
      equal(context.sys.copyFileRange(fd, 0n, fd, 50_000n, 50_000), 50_000, 'bytes copied');
    });
    sameBytes(
      readFileSync(file),
      Buffer.concat([content.subarray(0, 50_000), content.subarray(0, 50_000)]),
      'content',
    );
  },
);

group.add(
  'times-of-the-target',
  'copy_file_range(2) moves mtime and ctime of the target and not those of the source',
  async (context) => {
    const source = await makeFile(context, 'source', 'content');
    const target = await makeFile(context, 'target', '');
    const before = [await stats(source), await stats(target)] as const;
    await clockPast(context, before[1].ctimeNs);
    withRaw(context, source, O_RDONLY, (from) => {
      withRaw(context, target, O_WRONLY, (to) => context.sys.copyFileRange(from, 0n, to, 0n, 7));
    });
    const after = [await stats(source), await stats(target)] as const;
    equal(
      [after[0].mtimeNs, after[0].ctimeNs],
      [before[0].mtimeNs, before[0].ctimeNs],
      'times of the source',
    );
    equal(
      [after[1].mtimeNs > before[1].mtimeNs, after[1].ctimeNs > before[1].ctimeNs],
      [true, true],
      'times of the target moved',
    );
  },
);

group.add(
  'refusals',
  'copy_file_range(2) refuses what is not open for it, directories, pipes and flags',
  async (context) => {
    const { sys } = context;
    const source = await makeFile(context, 'source', 'content');
    writeFileSync(context.path('target'), 'target');
    const copy =
      (from: number, to: number, flags = 0) =>
      () =>
        sys.call('copy_file_range', from, BigInt64Array.of(0n), to, BigInt64Array.of(0n), 3, flags);
    withRaw(context, source, O_RDONLY, (reader) => {
      withRaw(context, context.path('target'), O_WRONLY, (writer) => {
        expectAnswers([
          ['from a writer', 'EBADF', copy(writer, writer)],
          ['to a reader', 'EBADF', copy(reader, reader)],
          ['with a flag', 'EINVAL', copy(reader, writer, 1)],
          ['from no descriptor', 'EBADF', copy(999_999, writer)],
          ['a length of 0', 'ok', () => sys.copyFileRange(reader, 0n, writer, 0n, 0)],
        ]);
        withRaw(context, context.directory, O_RDONLY | O_DIRECTORY, (directory) => {
          expectAnswers([['from a directory', 'EISDIR', copy(directory, writer)]]);
        });
      });
      withRaw(context, context.path('target'), O_WRONLY | O_APPEND, (appender) => {
        expectAnswers([['to an appender', 'EBADF', copy(reader, appender)]]);
      });
    });
    equal(readFileSync(context.path('target'), 'utf8'), 'target', 'target');
  },
);

defineGroup(group);
