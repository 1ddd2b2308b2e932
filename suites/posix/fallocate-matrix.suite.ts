import { readFileSync, statSync, writeFileSync } from 'node:fs';
import {
  CaseList,
  FALLOCATE,
  defineGroup,
  equal,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { answerOf, expectAnswers, withRaw } from './shared/answers.js';
import { O_DIRECTORY, O_RDONLY, O_RDWR } from './shared/files.js';

const group = new CaseList('posix', 'fallocate-matrix', {
  operations: ['fallocate'],
  needs: ['fallocate'],
  tier: 'full',
});

const SIZE = 300_000;
const { keepSize, punchHole, zeroRange, collapseRange, insertRange } = FALLOCATE;

/** What a mode makes of a content; fallocate(2). A mode that a file system has not is EOPNOTSUPP, and changes nothing. */
interface Mode {
  readonly name: string;
  readonly mode: number;
  readonly isOptional: boolean;
  readonly grows: boolean;
  readonly zeros: boolean;
}

const modes: readonly Mode[] = [
  { name: 'allocate', mode: 0, isOptional: false, grows: true, zeros: false },
  { name: 'allocate-keep-size', mode: keepSize, isOptional: false, grows: false, zeros: false },
  { name: 'punch-hole', mode: punchHole | keepSize, isOptional: false, grows: false, zeros: true },
  { name: 'zero-range', mode: zeroRange, isOptional: true, grows: true, zeros: true },
  { name: 'zero-range-keep-size', mode: zeroRange | keepSize, isOptional: true, grows: false, zeros: true },
];

/** Offset and length: whole, within a page, across pages and blocks, over the end, behind it. */
const ranges: readonly (readonly [number, number])[] = [
  [0, SIZE],
  [0, 1],
  [1, 4094],
  [4095, 2],
  [4096, 4096],
  [131_071, 131_074],
  [SIZE - 1, 1],
  [SIZE - 1, 2],
  [SIZE - 5000, 50_000],
  [SIZE, 1],
  [SIZE + 100_000, 5000],
];

function after(content: Buffer, { grows, zeros }: Mode, start: number, length: number): Buffer {
  const size = grows ? Math.max(content.length, start + length) : content.length;
  const result = Buffer.alloc(size);
  content.copy(result);
  if (zeros) result.fill(0, Math.min(start, size), Math.min(start + length, size));
  return result;
}

function expectMode(context: CaseContext, mode: Mode, start: number, length: number): void {
  const content = context.bytes(SIZE);
  const file = context.path(`${start}-${length}`);
  writeFileSync(file, content);
  const answer = withRaw(context, file, O_RDWR, (fd) =>
    answerOf(() => {
      context.sys.fallocate(fd, mode.mode, BigInt(start), BigInt(length));
    }),
  );
  const what = `${mode.name} of ${length} bytes at ${start}`;
  equal(answer === 'ok' || (mode.isOptional && answer === 'EOPNOTSUPP'), true, `answer ${answer} to ${what}`);
  const expected = answer === 'ok' ? after(content, mode, start, length) : content;
  equal(statSync(file).size, expected.length, `size after ${what}`);
  sameBytes(readFileSync(file), expected, `content after ${what}`);
}

for (const mode of modes) {
  group.add(
    `ranges-${mode.name}`,
    `fallocate(2) to ${mode.name.replaceAll('-', ' ')} does that to each range and to nothing else`,
    (context) => {
      for (const [start, length] of ranges) expectMode(context, mode, start, length);
    },
  );
}

for (const [name, mode] of [
  ['collapse', collapseRange],
  ['insert', insertRange],
] as const) {
  group.add(
    `${name}-range`,
    `fallocate(2) to ${name} a range of 64 KiB moves what is behind, or is refused and changes nothing`,
    (context) => {
      const UNIT = 65_536;
      const content = context.bytes(4 * UNIT);
      const file = context.path('file');
      writeFileSync(file, content);
      const answer = withRaw(context, file, O_RDWR, (fd) =>
        answerOf(() => {
          context.sys.fallocate(fd, mode, BigInt(UNIT), BigInt(UNIT));
        }),
      );
      equal(['ok', 'EOPNOTSUPP'].includes(answer), true, `answer ${answer} is ok or EOPNOTSUPP`);
      const behind = content.subarray(name === 'collapse' ? 2 * UNIT : UNIT);
      const between = name === 'collapse' ? Buffer.alloc(0) : Buffer.alloc(UNIT);
      const moved = Buffer.concat([content.subarray(0, UNIT), between, behind]);
      sameBytes(readFileSync(file), answer === 'ok' ? moved : content, 'content');
    },
  );
}

group.add(
  'refusals',
  'fallocate(2) refuses bad ranges, unknown modes and what is no file open for writing',
  (context) => {
    const { sys, path } = context;
    writeFileSync(path('file'), 'content');
    const call = (fd: number, mode: number, at: bigint, length: bigint) => () =>
      sys.call('fallocate', fd, mode, at, length);
    withRaw(context, path('file'), O_RDWR, (fd) => {
      expectAnswers([
        ['a length of 0', 'EINVAL', call(fd, 0, 0n, 0n)],
        ['a negative length', 'EINVAL', call(fd, 0, 0n, -1n)],
        ['a negative offset', 'EINVAL', call(fd, 0, -1n, 1n)],
        ['an end behind 2^63', 'EFBIG', call(fd, 0, 2n ** 62n, 2n ** 62n)],
        ['an unknown mode', 'EOPNOTSUPP', call(fd, 0x4000, 0n, 1n)],
        ['a hole that grows', 'EOPNOTSUPP', call(fd, punchHole, 0n, 1n)],
        ['a hole and zeros at once', 'EOPNOTSUPP', call(fd, punchHole | keepSize | zeroRange, 0n, 1n)],
      ]);
    });
    withRaw(context, path('file'), O_RDONLY, (fd) => {
      expectAnswers([['a reader', 'EBADF', call(fd, 0, 0n, 1n)]]);
    });
    withRaw(context, path(), O_RDONLY | O_DIRECTORY, (fd) => {
      expectAnswers([['a directory', 'EBADF', call(fd, 0, 0n, 1n)]]);
    });
    expectAnswers([['no descriptor', 'EBADF', call(999_999, 0, 0n, 1n)]]);
    equal(readFileSync(path('file'), 'utf8'), 'content', 'content');
  },
);

defineGroup(group);
