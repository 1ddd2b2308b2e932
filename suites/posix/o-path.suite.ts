import {
  chmodSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { CaseList, FCNTL, MAP, NOBODY, O_PATH, defineGroup, equal } from '../../src/harness/api/index.js';
import { expectAnswers, withRaw } from './shared/answers.js';
import { O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_RDONLY, O_TRUNC } from './shared/files.js';
import { KINDS } from './shared/kinds.js';

const group = new CaseList('posix', 'o-path', { operations: ['open'], tier: 'full' });

const SYMLINK_TYPE = 0o120000;

for (const kind of KINDS) {
  group.add(
    `descriptor-of-a-${kind.name}`,
    `a descriptor with O_PATH of a ${kind.name} can be asked what it is, duplicated and closed, and nothing of its content`,
    (context) => {
      const { sys } = context;
      kind.make(context, context.path('it'), 'mark');
      withRaw(context, context.path('it'), O_PATH | O_NOFOLLOW, (fd) => {
        const buffer = Buffer.alloc(64);
        equal(fstatSync(fd).isDirectory(), kind.isDirectory, 'it is a directory');
        equal(Number(sys.call('fcntl', fd, FCNTL.getFlags, 0)) & O_PATH, O_PATH, 'O_PATH of F_GETFL');
        expectAnswers([
          ['read', 'EBADF', () => sys.call('read', fd, buffer, 1)],
          ['write', 'EBADF', () => sys.call('write', fd, buffer, 1)],
          ['lseek', 'EBADF', () => sys.call('lseek', fd, 0, 0)],
          ['fsync', 'EBADF', () => sys.call('fsync', fd)],
          ['fchmod', 'EBADF', () => sys.call('fchmod', fd, 0o600)],
          ['fchown', 'EBADF', () => sys.call('fchown', fd, 1, 1)],
          ['fgetxattr', 'EBADF', () => sys.call('fgetxattr', fd, 'user.a', buffer, 1)],
          ['fsetxattr', 'EBADF', () => sys.call('fsetxattr', fd, 'user.a', buffer, 1, 0)],
          ['flock', 'EBADF', () => sys.call('flock', fd, 1)],
          ['ioctl', 'EBADF', () => sys.call('ioctl', fd, 0x5401, buffer)],
          ['mmap', 'EBADF', () => sys.call('mmap', null, 4096, MAP.read, MAP.shared, fd, 0)],
          ['getdents', 'EBADF', () => sys.call('getdents', fd, buffer, 64)],
          ['dup', 'ok', () => sys.call('close', sys.call('dup', fd))],
        ]);
      });
    },
    { needs: kind.needs },
  );
}

group.add(
  'flags-are-ignored',
  'open(2) with O_PATH neither makes nor cuts a file, whatever other flags say',
  (context) => {
    writeFileSync(context.path('file'), 'content');
    withRaw(context, context.path('file'), O_PATH | O_TRUNC | O_CREAT, () => undefined);
    equal(readFileSync(context.path('file'), 'utf8'), 'content', 'content');
    expectAnswers([
      ['a missing name', 'ENOENT', () => openSync(context.path('missing'), O_PATH | O_CREAT)],
      ['a file as a directory', 'ENOTDIR', () => openSync(context.path('file'), O_PATH | O_DIRECTORY)],
    ]);
  },
);

group.add(
  'symlink-itself',
  'open(2) with O_PATH and O_NOFOLLOW opens a symbolic link itself, a dangling one too',
  (context) => {
    symlinkSync('nowhere', context.path('link'));
    withRaw(context, context.path('link'), O_PATH | O_NOFOLLOW, (fd) => {
      equal(fstatSync(fd).mode & 0o170000, SYMLINK_TYPE, 'type');
      const target = Buffer.alloc(20);
      equal(context.sys.call('readlinkat', fd, '', target, 20), 7n, 'length of the target');
      equal(target.toString('utf8', 0, 7), 'nowhere', 'target');
    });
    expectAnswers([['without O_NOFOLLOW', 'ENOENT', () => openSync(context.path('link'), O_PATH)]]);
  },
  { needs: ['symlink'] },
);

group.add(
  'needs-no-permission',
  'open(2) with O_PATH needs no permission on the file, and opening it by /proc does',
  (context) => {
    writeFileSync(context.path('file'), 'secret', { mode: 0 });
    chmodSync(context.directory, 0o755);
    context.sys.as({ uid: NOBODY, gid: NOBODY }, () => {
      withRaw(context, context.path('file'), O_PATH, (fd) => {
        equal(fstatSync(fd).size, 6, 'size');
      });
      expectAnswers([['reading', 'EACCES', () => openSync(context.path('file'), O_RDONLY)]]);
    });
  },
  { needs: ['root'] },
);

group.add(
  'opened-again-by-proc',
  'a descriptor with O_PATH is opened for reading by /proc/self/fd, also when the name is gone',
  (context) => {
    writeFileSync(context.path('file'), 'content');
    withRaw(context, context.path('file'), O_PATH, (fd) => {
      for (const gone of [false, true]) {
        if (gone) unlinkSync(context.path('file'));
        const again = openSync(`/proc/self/fd/${fd}`, 'r');
        const bytes = Buffer.alloc(20);
        try {
          equal(readSync(again, bytes), 7, `bytes read when it is ${gone ? 'gone' : 'there'}`);
        } finally {
          closeSync(again);
        }
        equal(bytes.toString('utf8', 0, 7), 'content', 'content');
      }
    });
  },
);

group.add(
  'search-permission-at-use',
  'search permission of a directory with O_PATH is asked when it is used',
  (context) => {
    mkdirSync(context.path('closed'), 0o700);
    writeFileSync(context.path('closed', 'file'), '');
    chmodSync(context.path('closed', 'file'), 0o644);
    chmodSync(context.directory, 0o755);
    context.sys.as({ uid: NOBODY, gid: NOBODY }, () => {
      withRaw(context, context.path('closed'), O_PATH | O_DIRECTORY, (at) => {
        expectAnswers([
          ['a name in it', 'EACCES', () => context.sys.call('openat', at, 'file', O_RDONLY, 0)],
          ['its listing', 'EBADF', () => context.sys.call('getdents', at, Buffer.alloc(512), 512)],
        ]);
      });
    });
  },
  { needs: ['root'] },
);

defineGroup(group);
