import { readFileSync } from 'node:fs';
import {
  CaseList,
  SEEK,
  defineGroup,
  equal,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { expectAnswers, withRaw } from './shared/answers.js';
import { O_APPEND, O_CREAT, O_RDONLY, O_RDWR, O_WRONLY, makeFile } from './shared/files.js';

const group = new CaseList('posix', 'splice', { operations: ['read', 'write'], tier: 'full' });

const PIPE_BYTES = 65_536;
const O_NONBLOCK = 0o4000;

/** Both ends of a pipe that never blocks. */
function withPipe<T>({ sys }: CaseContext, body: (out: number, into: number) => T): T {
  const ends = Buffer.alloc(8);
  sys.call('pipe2', ends, O_NONBLOCK);
  const [out, into] = [ends.readInt32LE(0), ends.readInt32LE(4)];
  try {
    return body(out, into);
  } finally {
    for (const end of [out, into]) sys.call('close', end);
  }
}

for (const sizeBytes of [1, 4096, 65_537, 1_100_000]) {
  group.add(
    `sendfile-${sizeBytes}`,
    `sendfile(2) copies ${sizeBytes} bytes from file to file, by offset and by the descriptor's own`,
    async (context) => {
      const { sys } = context;
      const content = context.bytes(sizeBytes);
      const file = await makeFile(context, 'file', content);
      withRaw(context, file, O_RDONLY, (from) => {
        withRaw(context, context.path('copy'), O_RDWR | O_CREAT, (to) => {
          const at = BigInt64Array.of(0n);
          while (sys.call('sendfile', to, from, at, sizeBytes) > 0n);
          equal([at[0], sys.call('lseek', from, 0, SEEK.current)], [BigInt(sizeBytes), 0n], 'both offsets');
          while (sys.call('sendfile', to, from, null, sizeBytes) > 0n);
          equal(sys.call('lseek', from, 0, SEEK.current), BigInt(sizeBytes), 'offset of the source');
        });
      });
      sameBytes(readFileSync(context.path('copy')), Buffer.concat([content, content]), 'copy');
    },
  );

  group.add(
    `splice-${sizeBytes}`,
    `splice(2) moves ${sizeBytes} bytes from a file through a pipe into another`,
    async (context) => {
      const { sys } = context;
      const content = context.bytes(sizeBytes);
      const file = await makeFile(context, 'file', content);
      withPipe(context, (out, into) => {
        withRaw(context, file, O_RDONLY, (from) => {
          withRaw(context, context.path('copy'), O_WRONLY | O_CREAT, (to) => {
            const [at, toAt] = [BigInt64Array.of(0n), BigInt64Array.of(10n)];
            for (;;) {
              let left = sys.call('splice', from, at, into, null, PIPE_BYTES, 0);
              if (left === 0n) break;
              while (left > 0n) left -= sys.call('splice', out, null, to, toAt, left, 0);
            }
            equal([at[0], toAt[0]], [BigInt(sizeBytes), BigInt(sizeBytes + 10)], 'both offsets');
          });
        });
      });
      sameBytes(readFileSync(context.path('copy')), Buffer.concat([Buffer.alloc(10), content]), 'copy');
    },
  );
}

group.add(
  'over-the-end',
  'sendfile(2) and splice(2) over the end move what there is, and at the end nothing',
  async (context) => {
    const { sys } = context;
    withRaw(context, await makeFile(context, 'file', 'abcdef'), O_RDONLY, (from) => {
      withPipe(context, (out, into) => {
        equal(sys.call('splice', from, BigInt64Array.of(4n), into, null, 100, 0), 2n, 'bytes of splice');
        equal(
          sys.call('splice', from, BigInt64Array.of(6n), into, null, 100, 0),
          0n,
          'bytes of splice at the end',
        );
        equal(sys.call('sendfile', into, from, BigInt64Array.of(1n), 100), 5n, 'bytes of sendfile');
        equal(
          sys.call('sendfile', into, from, BigInt64Array.of(100n), 100),
          0n,
          'bytes of sendfile behind the end',
        );
        const seen = Buffer.alloc(100);
        const length = Number(sys.call('read', out, seen, 100));
        equal(seen.toString('utf8', 0, length), 'efbcdef', 'what came through the pipe');
      });
    });
  },
);

group.add(
  'refusals',
  'sendfile(2) and splice(2) refuse what is not open for it, and change nothing then',
  async (context) => {
    const { sys } = context;
    const file = await makeFile(context, 'file', 'content');
    withPipe(context, (out, into) => {
      withRaw(context, file, O_RDONLY, (reader) => {
        withRaw(context, file, O_WRONLY, (writer) => {
          withRaw(context, file, O_WRONLY | O_APPEND, (appender) => {
            expectAnswers([
              ['sendfile from a writer', 'EBADF', () => sys.call('sendfile', into, writer, null, 1)],
              ['sendfile to a reader', 'EBADF', () => sys.call('sendfile', reader, reader, null, 1)],
              ['sendfile to an appender', 'EINVAL', () => sys.call('sendfile', appender, reader, null, 1)],
              [
                'sendfile from a negative offset',
                'EINVAL',
                () => sys.call('sendfile', into, reader, BigInt64Array.of(-1n), 1),
              ],
              [
                'splice between two files',
                'EINVAL',
                () => sys.call('splice', reader, null, writer, null, 1, 0),
              ],
              [
                'splice with an offset of a pipe',
                'ESPIPE',
                () => sys.call('splice', out, BigInt64Array.of(0n), writer, null, 1, 0),
              ],
              ['splice from a writer', 'EBADF', () => sys.call('splice', writer, null, into, null, 1, 0)],
              [
                'splice from an empty pipe',
                'EAGAIN',
                () => sys.call('splice', out, null, writer, null, 1, 2),
              ],
            ]);
            sys.call('write', into, Buffer.from('x'), 1);
            expectAnswers([
              ['splice to an appender', 'EINVAL', () => sys.call('splice', out, null, appender, null, 1, 0)],
            ]);
          });
        });
      });
    });
    equal(readFileSync(file, 'utf8'), 'content', 'content');
  },
);

defineGroup(group);
