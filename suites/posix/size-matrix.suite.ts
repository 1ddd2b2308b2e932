import {
  ftruncateSync,
  openSync,
  closeSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { CaseList, defineGroup, equal, sameBytes } from '../../src/harness/api/index.js';
import { O_CREAT, O_RDWR } from './shared/files.js';

const group = new CaseList('posix', 'size-matrix', { operations: ['truncate'], tier: 'full' });

/** Edges of a page and of a block of 128 KiB, from both sides. */
const SIZES = [0, 1, 4095, 4096, 4097, 131_071, 131_072, 131_073, 300_000];

/** What `size` bytes of `content` become when the file gets another size: zeros where there was nothing. */
function resized(content: Buffer, size: number): Buffer {
  const result = Buffer.alloc(size);
  content.copy(result);
  return result;
}

for (const from of SIZES) {
  group.add(
    `truncate-from-${from}`,
    `truncate(2) of a file of ${from} bytes to each other size keeps what stays and adds zeros`,
    (context) => {
      const content = context.bytes(from);
      for (const to of SIZES) {
        const file = context.path(`to-${to}`);
        writeFileSync(file, content);
        truncateSync(file, to);
        equal(statSync(file).size, to, `size after ${from} was cut or grown to ${to}`);
        sameBytes(
          readFileSync(file),
          resized(content, to),
          `content after ${from} was cut or grown to ${to}`,
        );
      }
      return Promise.resolve();
    },
  );

  group.add(
    `write-after-truncate-to-${from}`,
    `a write at each offset of an open file that was cut to ${from} bytes fills what is between with zeros`,
    (context) => {
      const content = context.bytes(300_000);
      for (const offset of SIZES) {
        const file = context.path(`at-${offset}`);
        const fd = openSync(file, O_RDWR | O_CREAT, 0o644);
        try {
          writeSync(fd, content, 0, content.length, 0);
          ftruncateSync(fd, from);
          writeSync(fd, 'written', offset);
        } finally {
          closeSync(fd);
        }
        const expected = resized(content.subarray(0, from), Math.max(from, offset + 7));
        expected.write('written', offset);
        sameBytes(readFileSync(file), expected, `content after a write at ${offset} behind a cut to ${from}`);
      }
      return Promise.resolve();
    },
    { operations: ['truncate', 'write'] },
  );
}

defineGroup(group);
