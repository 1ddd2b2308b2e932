import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { CaseList, FCNTL, SEEK, defineGroup, equal, type CaseContext } from '../../src/harness/api/index.js';
import { expectAnswers, withRaw } from './shared/answers.js';
import { O_APPEND, O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY, makeFile } from './shared/files.js';

const group = new CaseList('posix', 'descriptor', { operations: ['close'], tier: 'full' });

const O_CLOEXEC = 0o2_000_000;
const CLOSE_ON_EXEC = 1;
const SPARE = 700;

type Duplicate = (context: CaseContext, fd: number) => number;

const ways: readonly (readonly [string, Duplicate])[] = [
  ['dup', ({ sys }, fd) => Number(sys.call('dup', fd))],
  ['dup2', ({ sys }, fd) => Number(sys.call('dup2', fd, SPARE))],
  ['dup3', ({ sys }, fd) => Number(sys.call('dup3', fd, SPARE, O_CLOEXEC))],
  ['f-dupfd', ({ sys }, fd) => Number(sys.call('fcntl', fd, FCNTL.dupFd, SPARE))],
  ['f-dupfd-cloexec', ({ sys }, fd) => Number(sys.call('fcntl', fd, FCNTL.dupFdCloseOnExec, SPARE))],
];

for (const [name, duplicate] of ways) {
  group.add(
    `${name}-shares-the-open-file`,
    `a descriptor of ${name} has the offset and flags of the first, and stays when the first is closed`,
    async (context) => {
      const { sys } = context;
      const first = openSync(await makeFile(context, 'file', 'abcdefghij'), 'r+');
      const second = duplicate(context, first);
      const one = Buffer.alloc(3);
      readSync(first, one);
      equal(sys.call('lseek', second, 0, SEEK.current), 3n, 'offset of the second');
      sys.call('lseek', second, 8, SEEK.set);
      equal(sys.call('lseek', first, 0, SEEK.current), 8n, 'offset of the first');
      sys.call('fcntl', second, FCNTL.setFlags, O_APPEND);
      equal(
        Number(sys.call('fcntl', first, FCNTL.getFlags, 0)) & O_APPEND,
        O_APPEND,
        'O_APPEND of the first',
      );
      const closesOnExec = name === 'dup3' || name === 'f-dupfd-cloexec';
      equal(
        Number(sys.call('fcntl', second, FCNTL.getFd, 0)),
        closesOnExec ? CLOSE_ON_EXEC : 0,
        'FD_CLOEXEC',
      );
      closeSync(first);
      writeSync(second, 'end');
      expectAnswers([['the closed one', 'EBADF', () => sys.call('write', first, Buffer.from('x'), 1)]]);
      sys.call('close', second);
      equal(readFileSync(context.path('file'), 'utf8'), 'abcdefghijend', 'content');
    },
    { operations: ['dup', 'close'] },
  );
}

group.add(
  'flags-are-told',
  'fcntl(2) with F_GETFL tells how a file was opened, and F_SETFL changes O_APPEND alone of them',
  async (context) => {
    const file = await makeFile(context, 'file', 'content');
    const ACCESS = 3;
    for (const flags of [O_RDONLY, O_WRONLY, O_RDWR, O_WRONLY | O_APPEND, O_RDWR | O_APPEND]) {
      withRaw(context, file, flags | O_CREAT, (fd) => {
        const told = (): number => Number(context.sys.call('fcntl', fd, FCNTL.getFlags, 0));
        equal(told() & (ACCESS | O_APPEND | O_CREAT), flags, `flags of ${flags}`);
        context.sys.call('fcntl', fd, FCNTL.setFlags, O_APPEND | O_TRUNC | O_RDWR);
        equal(told() & (ACCESS | O_APPEND), (flags & ACCESS) | O_APPEND, `flags of ${flags} with O_APPEND`);
        context.sys.call('fcntl', fd, FCNTL.setFlags, 0);
        equal(told() & (ACCESS | O_APPEND), flags & ACCESS, `flags of ${flags} without`);
      });
    }
    equal(readFileSync(file, 'utf8'), 'content', 'content');
  },
  { operations: ['fcntl'] },
);

group.add(
  'append-is-switched',
  'writes go to the end from when F_SETFL sets O_APPEND until it takes it away',
  async (context) => {
    const file = await makeFile(context, 'file', '0123456789');
    withRaw(context, file, O_RDWR, (fd) => {
      writeSync(fd, 'A');
      context.sys.call('fcntl', fd, FCNTL.setFlags, O_APPEND);
      writeSync(fd, 'B');
      context.sys.call('fcntl', fd, FCNTL.setFlags, 0);
      context.sys.call('lseek', fd, 2, SEEK.set);
      writeSync(fd, 'C');
    });
    equal(readFileSync(file, 'utf8'), 'A1C3456789B', 'content');
  },
  { operations: ['fcntl', 'write'] },
);

group.add(
  'child-writes-by-an-inherited-descriptor',
  'parent and child write by one open file, each behind the other, and the close of the child ends nothing',
  (context) => {
    withRaw(context, context.path('file'), O_RDWR | O_CREAT, (fd) => {
      for (let round = 0; round < 3; round += 1) {
        writeSync(fd, `parent ${round},`);
        const child = spawnSync('sh', ['-c', `printf 'child ${round},' >&3`], {
          stdio: ['ignore', 'ignore', 'ignore', fd],
        });
        equal(child.status, 0, 'exit code of the child');
      }
      writeSync(fd, 'end');
      const expected = [0, 1, 2].map((round) => `parent ${round},child ${round},`).join('');
      equal(readFileSync(context.path('file'), 'utf8'), `${expected}end`, 'content while it is open');
    });
    equal(readFileSync(context.path('file'), 'utf8').length, 54, 'length of the content');
  },
  { operations: ['fork', 'write', 'close'] },
);

group.add(
  'closed-by-exec',
  'a descriptor with FD_CLOEXEC is not there in a program that was started, and what it wrote is',
  (context) => {
    withRaw(context, context.path('file'), O_RDWR | O_CREAT | O_CLOEXEC, (fd) => {
      writeSync(fd, 'content');
      const child = spawnSync('sh', ['-c', 'cat "$0"; readlink /proc/self/fd/*', context.path('file')], {
        stdio: ['ignore', 'pipe', 'ignore'],
        encoding: 'utf8',
      });
      equal(child.stdout.startsWith('content'), true, 'the child reads the content by name');
      equal(child.stdout.includes(context.path('file')), false, 'the child has the descriptor');
    });
    equal(readFileSync(context.path('file'), 'utf8'), 'content', 'content');
  },
  { operations: ['exec', 'close'] },
);

group.add(
  'hundreds-of-one-file',
  'each of 300 descriptors of one file has its own offset, and they are closed in any order',
  async (context) => {
    const content = context.bytes(300);
    const file = await makeFile(context, 'file', content);
    const open = Array.from({ length: 300 }, () => openSync(file, 'r'));
    const byte = Buffer.alloc(1);
    try {
      for (const [index, fd] of open.entries()) context.sys.call('lseek', fd, index, SEEK.set);
      for (const [index, fd] of open.entries()) {
        readSync(fd, byte);
        equal(byte[0], content[index], `byte of the descriptor ${index}`);
      }
    } finally {
      for (const fd of open.toSorted((left, right) => (left % 7) - (right % 7))) closeSync(fd);
    }
    expectAnswers([['a second close', 'EBADF', () => context.sys.call('close', open[0] ?? 0)]]);
  },
);

defineGroup(group);
