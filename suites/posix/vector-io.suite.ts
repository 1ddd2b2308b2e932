import { readFileSync } from 'node:fs';
import {
  CaseList,
  RWF,
  SEEK,
  defineGroup,
  equal,
  sameBytes,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { answerOf, expectAnswers, withRaw } from './shared/answers.js';
import { O_APPEND, O_CREAT, O_RDONLY, O_RDWR, O_WRONLY, makeFile } from './shared/files.js';

const group = new CaseList('posix', 'vector-io', { operations: ['read', 'write'], tier: 'full' });

/** Lengths of the pieces: empty ones, single bytes, around pages and blocks. */
const shapes: readonly (readonly [string, readonly number[]])[] = [
  ['one', [5000]],
  ['many-small', Array.from({ length: 200 }, (_, index) => index % 7)],
  ['around-pages', [4095, 1, 4097, 0, 8191, 3]],
  ['around-blocks', [131_071, 2, 131_072, 1, 4096]],
  ['most', Array.from({ length: 1024 }, () => 11)],
];

function pieces(content: Buffer, lengths: readonly number[]): readonly Buffer[] {
  let at = 0;
  return lengths.map((length) => content.subarray(at, (at += length)));
}

for (const [name, lengths] of shapes) {
  group.add(
    `pieces-${name}`,
    `writev(2), pwritev(2), readv(2) and preadv(2) move ${lengths.length} pieces in order, as one`,
    (context) => {
      const { sys } = context;
      const total = lengths.reduce((sum, length) => sum + length, 0);
      const content = context.bytes(total);
      withRaw(context, context.path('file'), O_RDWR | O_CREAT, (fd) => {
        const vector = sys.vector(pieces(content, lengths));
        equal(sys.call('writev', fd, vector, lengths.length), BigInt(total), 'bytes of writev');
        equal(sys.call('pwritev', fd, vector, lengths.length, total), BigInt(total), 'bytes of pwritev');
        equal(sys.call('lseek', fd, 0, SEEK.current), BigInt(total), 'offset');
        for (const at of [0, total]) {
          const room = Buffer.alloc(total);
          const into = sys.vector(pieces(room, lengths));
          equal(sys.call('preadv', fd, into, lengths.length, at), BigInt(total), `bytes of preadv at ${at}`);
          sameBytes(room, content, `content by preadv at ${at}`);
        }
        const room = Buffer.alloc(total);
        equal(
          sys.call('readv', fd, sys.vector(pieces(room, lengths)), lengths.length),
          BigInt(total),
          'bytes of readv',
        );
        sameBytes(room, content, 'content by readv');
        equal(
          sys.call('readv', fd, sys.vector(pieces(room, lengths)), lengths.length),
          0n,
          'bytes at the end',
        );
      });
      sameBytes(readFileSync(context.path('file')), Buffer.concat([content, content]), 'content');
    },
  );
}

group.add(
  'short-at-the-end',
  'readv(2) over the end fills the first pieces and leaves the rest',
  async (context) => {
    const { sys } = context;
    withRaw(context, await makeFile(context, 'file', 'abcdef'), O_RDONLY, (fd) => {
      const room = [Buffer.from('....'), Buffer.from('....'), Buffer.from('....')];
      equal(sys.call('preadv', fd, sys.vector(room), 3, 1), 5n, 'bytes');
      equal(room.map(String), ['bcde', 'f...', '....'], 'pieces');
    });
  },
);

/** Flags of preadv2(2) and pwritev2(2): a file system may refuse one whole, and else has to do what it says. */
const writeFlags = [
  ['none', 0],
  ['data-sync', RWF.dataSync],
  ['sync', RWF.sync],
  ['append', RWF.append],
  ['no-wait', RWF.noWait],
] as const;

for (const [name, flag] of writeFlags) {
  group.add(
    `pwritev2-${name}`,
    `pwritev2(2) with the flag ${name} writes ${name === 'append' ? 'at the end' : 'at its place'}, or refuses and changes nothing`,
    async (context) => {
      const { sys } = context;
      const file = await makeFile(context, 'file', '0123456789');
      let answer = '';
      withRaw(context, file, O_RDWR, (fd) => {
        answer = answerOf(() =>
          sys.call('pwritev2', fd, sys.vector([Buffer.from('AB'), Buffer.from('C')]), 2, 4, flag),
        );
        equal(sys.call('lseek', fd, 0, SEEK.current), 0n, 'offset');
      });
      const written = name === 'append' ? '0123456789ABC' : '0123ABC789';
      const allowed = name === 'no-wait' ? ['ok', 'EAGAIN', 'EOPNOTSUPP'] : ['ok'];
      equal(allowed.includes(answer), true, `answer ${answer} is one of ${allowed.join(', ')}`);
      equal(readFileSync(file, 'utf8'), answer === 'ok' ? written : '0123456789', 'content');
    },
  );
}

group.add(
  'offset-minus-one',
  'preadv2(2) and pwritev2(2) at the offset -1 use the one of the descriptor and move it',
  async (context) => {
    const { sys } = context;
    const file = await makeFile(context, 'file', '0123456789');
    withRaw(context, file, O_RDWR, (fd) => {
      const room = Buffer.alloc(3);
      sys.call('preadv2', fd, sys.vector([room]), 1, -1, 0);
      sys.call('pwritev2', fd, sys.vector([Buffer.from('XY')]), 1, -1, 0);
      equal(room.toString(), '012', 'bytes read');
      equal(sys.call('lseek', fd, 0, SEEK.current), 5n, 'offset');
    });
    equal(readFileSync(file, 'utf8'), '012XY56789', 'content');
  },
);

group.add(
  'pwrite-by-an-appending-descriptor',
  'pwrite(2) and pwritev(2) by a descriptor with O_APPEND append, whatever the offset (pwrite(2), BUGS)',
  async (context) => {
    const { sys } = context;
    const file = await makeFile(context, 'file', '0123');
    withRaw(context, file, O_RDWR | O_APPEND, (fd) => {
      sys.call('pwrite', fd, Buffer.from('A'), 1, 0);
      sys.call('pwritev', fd, sys.vector([Buffer.from('B')]), 1, 1);
    });
    equal(readFileSync(file, 'utf8'), '0123AB', 'content');
  },
);

/** An address where no process has memory. */
const NOWHERE = BigInt64Array.of(1n, 10n);

function refusals(context: CaseContext, fd: number): void {
  const { sys } = context;
  const one = sys.vector([Buffer.from('x')]);
  const tooLong = BigInt64Array.of(one[0] ?? 0n, -1n);
  const many = sys.vector(Array.from({ length: 1025 }, () => Buffer.from('x')));
  for (const name of ['preadv', 'pwritev'] as const) {
    expectAnswers([
      [`${name} of no pieces`, 'ok', () => sys.call(name, fd, one, 0, 0)],
      [`${name} of a negative count`, 'EINVAL', () => sys.call(name, fd, one, -1, 0)],
      [`${name} of more pieces than IOV_MAX`, 'EINVAL', () => sys.call(name, fd, many, 1025, 0)],
      [`${name} of more bytes than SSIZE_MAX`, 'EINVAL', () => sys.call(name, fd, tooLong, 1, 0)],
      [`${name} at a negative offset`, 'EINVAL', () => sys.call(name, fd, one, 1, -5)],
      [`${name} of memory that is none`, 'EFAULT', () => sys.call(name, fd, NOWHERE, 1, 0)],
    ]);
  }
  expectAnswers([
    ['an unknown flag of preadv2', 'EOPNOTSUPP', () => sys.call('preadv2', fd, one, 1, 0, 0x4000_0000)],
    ['an unknown flag of pwritev2', 'EOPNOTSUPP', () => sys.call('pwritev2', fd, one, 1, 0, 0x4000_0000)],
    ['pread at a negative offset', 'EINVAL', () => sys.call('pread', fd, Buffer.alloc(1), 1, -1)],
    ['pwrite at a negative offset', 'EINVAL', () => sys.call('pwrite', fd, Buffer.alloc(1), 1, -1)],
  ]);
}

group.add(
  'refusals',
  'calls with pieces refuse bad counts, lengths, offsets, flags and memory, and change nothing then',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    withRaw(context, file, O_RDWR, (fd) => {
      refusals(context, fd);
    });
    equal(readFileSync(file, 'utf8'), 'content', 'content');
    const one = context.sys.vector([Buffer.alloc(1)]);
    withRaw(context, file, O_WRONLY, (fd) => {
      expectAnswers([['readv of a writer', 'EBADF', () => context.sys.call('readv', fd, one, 1)]]);
    });
    withRaw(context, file, O_RDONLY, (fd) => {
      expectAnswers([['writev of a reader', 'EBADF', () => context.sys.call('writev', fd, one, 1)]]);
    });
    withRaw(context, context.directory, O_RDONLY, (fd) => {
      expectAnswers([['readv of a directory', 'EISDIR', () => context.sys.call('readv', fd, one, 1)]]);
    });
  },
);

group.add(
  'fault-in-the-middle',
  'a write whose second piece is no memory gives the first piece, or EFAULT and nothing',
  async (context) => {
    const { sys } = context;
    const file = await makeFile(context, 'file', '0123456789');
    withRaw(context, file, O_RDWR, (fd) => {
      const good = Buffer.from('AB');
      const vector = BigInt64Array.of(...sys.vector([good]), ...NOWHERE);
      const answer = answerOf(() => {
        equal(sys.call('pwritev', fd, vector, 2, 0), 2n, 'bytes written');
      });
      equal(['ok', 'EFAULT'].includes(answer), true, `answer ${answer} is ok or EFAULT`);
      const expected = answer === 'ok' ? 'AB23456789' : '0123456789';
      equal(readFileSync(file, 'utf8'), expected, 'content');
    });
  },
);

defineGroup(group);
