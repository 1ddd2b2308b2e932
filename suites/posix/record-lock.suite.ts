import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, renameSync, unlinkSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import {
  CaseList,
  FCNTL,
  LOCK,
  SEEK,
  defineGroup,
  equal,
  type CaseContext,
} from '../../src/harness/api/index.js';
import { answerOf, expectAnswers } from './shared/answers.js';
import { makeFile } from './shared/files.js';

const group = new CaseList('posix', 'record-lock', { operations: ['lock'], needs: ['lock'], tier: 'full' });

const TYPE = { read: 0, write: 1, unlock: 2 } as const;
type LockType = keyof typeof TYPE;
const TYPES = Object.keys(TYPE) as readonly LockType[]; // the keys just written
const LOCK_BYTES = 32;

interface Span {
  readonly type: LockType;
  readonly start: number;
  /** 0: to the end, however far that goes. */
  readonly length: number;
}

/** struct flock of a 64-bit Linux. */
function record({ type, start, length }: Span, whence: number = SEEK.set): Buffer {
  const lock = Buffer.alloc(LOCK_BYTES);
  lock.writeInt16LE(TYPE[type], 0);
  lock.writeInt16LE(whence, 2);
  lock.writeBigInt64LE(BigInt(start), 8);
  lock.writeBigInt64LE(BigInt(length), 16);
  return lock;
}

/** Two open files of one file: their locks of the kind OFD belong to different owners (fcntl_locking(2)). */
async function withTwo(context: CaseContext, body: (one: number, two: number) => void): Promise<void> {
  const file = await makeFile(context, 'file', context.bytes(1000));
  const one = openSync(file, 'r+');
  const two = openSync(file, 'r+');
  try {
    body(one, two);
  } finally {
    for (const fd of [one, two]) answerOf(() => context.sys.call('close', fd));
  }
}

function set({ sys }: CaseContext, fd: number, span: Span, command: number = FCNTL.ofdSetLock): string {
  return answerOf(() => sys.call('fcntl_lock', fd, command, record(span)));
}

/** The lock that keeps this one away, as F_GETLK tells it; `free` where none does. */
function blocker({ sys }: CaseContext, fd: number, span: Span, command: number = FCNTL.ofdGetLock): string {
  const lock = record(span);
  sys.call('fcntl_lock', fd, command, lock);
  const type = lock.readInt16LE(0);
  if (type === TYPE.unlock) return 'free';
  return `${TYPES[type] ?? String(type)} ${lock.readBigInt64LE(8)}+${lock.readBigInt64LE(16)}`;
}

/** Locks that are held as bytes 100 to 199, and spans that are asked for: does one touch the other. */
const spans: readonly (readonly [name: string, start: number, length: number, overlaps: boolean])[] = [
  ['before', 0, 100, false],
  ['into-the-first-byte', 0, 101, true],
  ['the-same', 100, 100, true],
  ['within', 150, 1, true],
  ['the-last-byte', 199, 1, true],
  ['behind', 200, 100, false],
  ['around', 0, 1000, true],
  ['to-the-end-from-within', 150, 0, true],
  ['to-the-end-from-behind', 200, 0, false],
  ['far-behind-the-end', 1_000_000, 10, false],
];

for (const held of ['read', 'write'] as const) {
  for (const wanted of ['read', 'write'] as const) {
    group.add(
      `${wanted}-beside-${held}`,
      `a ${wanted} lock of another open file is given and told where it does not touch or suit a held ${held} lock`,
      (context) =>
        withTwo(context, (one, two) => {
          equal(set(context, one, { type: held, start: 100, length: 100 }), 'ok', 'the held lock');
          for (const [name, start, length, overlaps] of spans) {
            const refused = overlaps && (held === 'write' || wanted === 'write');
            const span = { type: wanted, start, length } as const;
            equal(blocker(context, two, span), refused ? `${held} 100+100` : 'free', `F_OFD_GETLK ${name}`);
            equal(set(context, two, span), refused ? 'EAGAIN' : 'ok', `F_OFD_SETLK ${name}`);
            set(context, two, { type: 'unlock', start: 0, length: 0 });
          }
        }),
    );
  }
}

group.add('split-and-joined', 'unlocking the middle leaves two locks, and locking it again one', (context) =>
  withTwo(context, (one, two) => {
    const whole = { type: 'write', start: 0, length: 300 } as const;
    set(context, one, whole);
    set(context, one, { type: 'unlock', start: 100, length: 100 });
    equal(blocker(context, two, whole), 'write 0+100', 'the first lock');
    equal(blocker(context, two, { ...whole, start: 100 }), 'write 200+100', 'the second lock');
    equal(set(context, two, { ...whole, start: 100, length: 100 }), 'ok', 'the middle for another');
    set(context, two, { type: 'unlock', start: 0, length: 0 });
    set(context, one, { ...whole, start: 100, length: 100 });
    equal(blocker(context, two, whole), 'write 0+300', 'one lock');
  }),
);

group.add('changed-in-place', 'an owner changes its own lock from write to read and back', (context) =>
  withTwo(context, (one, two) => {
    const all = { start: 0, length: 0 } as const;
    equal(set(context, one, { type: 'write', ...all }), 'ok', 'write');
    equal(set(context, one, { type: 'read', ...all }), 'ok', 'down to read');
    equal(set(context, two, { type: 'read', ...all }), 'ok', 'read of another');
    equal(set(context, one, { type: 'write', ...all }), 'EAGAIN', 'up to write while another reads');
    equal(blocker(context, two, { type: 'write', ...all }), 'read 0+0', 'the read lock is still there');
    set(context, two, { type: 'unlock', ...all });
    equal(set(context, one, { type: 'write', ...all }), 'ok', 'up to write');
  }),
);

group.add(
  'process-locks-against-open-file-locks',
  'a lock of the process and one of an open file keep each other away, also in one process',
  (context) =>
    withTwo(context, (one, two) => {
      const all = { type: 'write', start: 0, length: 0 } as const;
      equal(set(context, one, all, FCNTL.setLock), 'ok', 'of the process');
      equal(set(context, two, all, FCNTL.setLock), 'ok', 'of the process by another descriptor');
      equal(set(context, two, all), 'EAGAIN', 'of the open file');
      equal(blocker(context, two, all), 'write 0+0', 'what F_OFD_GETLK tells');
      set(context, one, { ...all, type: 'unlock' }, FCNTL.setLock);
      equal(set(context, two, all), 'ok', 'of the open file when the other is gone');
      equal(set(context, one, all, FCNTL.setLock), 'EAGAIN', 'of the process');
    }),
);

group.add(
  'close-of-any-descriptor-gives-process-locks-back',
  'close(2) of any descriptor of a file gives back the locks of the process, and not those of another open file',
  async (context) => {
    const file = await makeFile(context, 'file');
    const all = { type: 'write', start: 0, length: 0 } as const;
    const [witness, holder] = [openSync(file, 'r+'), openSync(file, 'r+')];
    try {
      set(context, holder, all, FCNTL.setLock);
      equal(blocker(context, witness, all), 'write 0+0', 'the lock of the process');
      closeSync(openSync(file, 'r'));
      equal(blocker(context, witness, all), 'free', 'after another descriptor was closed');
      set(context, holder, all);
      closeSync(openSync(file, 'r'));
      equal(blocker(context, witness, all), 'write 0+0', 'the lock of the open file');
    } finally {
      closeSync(holder);
    }
    equal(blocker(context, witness, all), 'free', 'after its last descriptor was closed');
    closeSync(witness);
  },
);

group.add(
  'duplicate-shares-the-lock',
  'dup(2) shares the lock of an open file until both are closed',
  (context) =>
    withTwo(context, (one, two) => {
      const all = { type: 'write', start: 0, length: 0 } as const;
      set(context, one, all);
      const twin = context.sys.dup(one);
      equal(set(context, twin, all), 'ok', 'by the duplicate');
      context.sys.call('close', one);
      equal(set(context, two, all), 'EAGAIN', 'while the duplicate is open');
      context.sys.call('close', twin);
      equal(set(context, two, all), 'ok', 'when both are closed');
    }),
);

group.add(
  'stays-with-the-file',
  'a lock stays with its file when that is renamed or unlinked, and a new file of the name is free',
  async (context) => {
    const all = { type: 'write', start: 0, length: 0 } as const;
    const first = openSync(await makeFile(context, 'file'), 'r+');
    set(context, first, all);
    renameSync(context.path('file'), context.path('moved'));
    const moved = openSync(context.path('moved'), 'r+');
    equal(set(context, moved, all), 'EAGAIN', 'by the new name');
    unlinkSync(context.path('moved'));
    equal(set(context, moved, all), 'EAGAIN', 'without a name');
    const second = openSync(await makeFile(context, 'moved'), 'r+');
    equal(set(context, second, all), 'ok', 'of a new file of that name');
    for (const fd of [first, moved, second]) closeSync(fd);
  },
);

group.add(
  'refusals',
  'fcntl(2) refuses a lock that the descriptor is not open for, a bad span, and what is no descriptor',
  async (context) => {
    const { sys } = context;
    const file = await makeFile(context, 'file');
    const [reader, writer] = [openSync(file, 'r'), openSync(file, 'a')];
    const all = { start: 0, length: 0 } as const;
    try {
      for (const [name, command] of [
        ['process', FCNTL.setLock],
        ['open file', FCNTL.ofdSetLock],
      ] as const) {
        equal(
          set(context, reader, { type: 'write', ...all }, command),
          'EBADF',
          `write by a reader, ${name}`,
        );
        equal(set(context, writer, { type: 'read', ...all }, command), 'EBADF', `read by a writer, ${name}`);
        equal(
          set(context, writer, { type: 'write', start: -1, length: 1 }, command),
          'EINVAL',
          `before the start, ${name}`,
        );
        equal(set(context, 999_999, { type: 'read', ...all }, command), 'EBADF', `no descriptor, ${name}`);
        const badWhence = (): unknown =>
          sys.call('fcntl_lock', writer, command, record({ type: 'write', ...all }, 7));
        expectAnswers([[`an unknown whence, ${name}`, 'EINVAL', badWhence]]);
      }
    } finally {
      for (const fd of [reader, writer]) closeSync(fd);
    }
  },
);

/** A shell that holds flock(2) on an inherited descriptor until it is told to end. */
group.add(
  'held-by-another-process',
  'flock(2) on a descriptor that a child has inherited holds until parent and child have closed it',
  async (context) => {
    const file = await makeFile(context, 'file');
    const [held, other] = [openSync(file, 'r+'), openSync(file, 'r+')];
    const ask = (): string =>
      answerOf(() => {
        context.sys.flock(other, LOCK.exclusive | LOCK.nonBlocking);
      });
    context.sys.flock(held, LOCK.exclusive);
    const child = spawn('sh', ['-c', 'echo ready; read line; echo done'], {
      stdio: ['pipe', 'pipe', 'ignore', held],
    });
    const [stdin, stdout] = [child.stdin, child.stdout];
    if (stdin === null || stdout === null) throw new Error('a child without its pipes');
    await once(stdout, 'readable');
    closeSync(held);
    equal(ask(), 'EAGAIN', 'while the child has the descriptor');
    stdin.end('\n');
    await Promise.all([text(stdout), once(child, 'close')]);
    equal(ask(), 'ok', 'when the child has ended');
    closeSync(other);
  },
);

defineGroup(group);
