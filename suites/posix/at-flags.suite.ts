import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { AT, CaseList, NOBODY, O_PATH, defineGroup, equal } from '../../src/harness/api/index.js';
import { expectAnswers, withRaw } from './shared/answers.js';
import { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } from './shared/files.js';

const group = new CaseList('posix', 'at-flags', { operations: [], tier: 'full' });

const { fdcwd } = AT;
const UNKNOWN_FLAG = 0x4000_0000;

group.add(
  'linkat-of-a-symlink',
  'linkat(2) links a symbolic link itself, and with AT_SYMLINK_FOLLOW the file that it points at',
  (context) => {
    const { sys, path } = context;
    writeFileSync(path('file'), 'content');
    symlinkSync('file', path('link'));
    sys.call('linkat', fdcwd, path('link'), fdcwd, path('plain'), 0);
    equal(readlinkSync(path('plain')), 'file', 'target of the new name');
    equal(lstatSync(path('plain')).ino, lstatSync(path('link')).ino, 'inode of the new name');
    sys.call('linkat', fdcwd, path('link'), fdcwd, path('followed'), AT.symlinkFollow);
    equal(lstatSync(path('followed')).isFile(), true, 'the followed name is a file');
    equal(lstatSync(path('followed')).ino, lstatSync(path('file')).ino, 'inode of the followed name');
    equal([lstatSync(path('link')).nlink, lstatSync(path('file')).nlink], [2, 2], 'link counts');
  },
  { operations: ['link'], needs: ['hard-link', 'symlink'] },
);

group.add(
  'linkat-by-proc',
  'linkat(2) with AT_SYMLINK_FOLLOW gives another name to the open file behind /proc/self/fd',
  (context) => {
    const { sys, path } = context;
    writeFileSync(path('file'), 'content');
    withRaw(context, path('file'), O_RDONLY, (fd) => {
      sys.call('linkat', fdcwd, `/proc/self/fd/${fd}`, fdcwd, path('second'), AT.symlinkFollow);
    });
    equal(readFileSync(path('second'), 'utf8'), 'content', 'content');
    equal(statSync(path('file')).nlink, 2, 'link count');
  },
  { operations: ['link'], needs: ['hard-link'] },
);

group.add(
  'linkat-of-a-descriptor',
  'linkat(2) with AT_EMPTY_PATH gives another name to an open file, of a descriptor with O_PATH too',
  (context) => {
    const { sys, path } = context;
    writeFileSync(path('file'), 'content');
    for (const [name, flags] of [
      ['read', O_RDONLY],
      ['path', O_PATH],
    ] as const) {
      withRaw(context, path('file'), flags, (fd) => {
        sys.call('linkat', fd, '', fdcwd, path(name), AT.emptyPath);
      });
      equal(readFileSync(path(name), 'utf8'), 'content', `content of the name made with ${name}`);
    }
    equal(statSync(path('file')).nlink, 3, 'link count');
  },
  { operations: ['link'], needs: ['hard-link', 'root'] },
);

group.add(
  'linkat-refusals',
  'linkat(2) fails with EPERM on a directory, EEXIST on a taken name, EINVAL on an unknown flag',
  ({ sys, path }) => {
    writeFileSync(path('file'), '');
    writeFileSync(path('taken'), '');
    mkdirSync(path('directory'));
    const link = (from: string, to: string, flags: number) => () =>
      sys.call('linkat', fdcwd, path(from), fdcwd, path(to), flags);
    expectAnswers([
      ['a directory', 'EPERM', link('directory', 'new', 0)],
      ['a taken name', 'EEXIST', link('file', 'taken', 0)],
      ['its own name', 'EEXIST', link('file', 'file', 0)],
      ['the name of a directory', 'EEXIST', link('file', 'directory', 0)],
      ['an unknown flag', 'EINVAL', link('file', 'new', UNKNOWN_FLAG)],
      ['a missing name', 'ENOENT', link('missing', 'new', 0)],
    ]);
    equal(readdirSync(path()).toSorted(), ['directory', 'file', 'taken'], 'names');
  },
  { operations: ['link'], needs: ['hard-link'] },
);

group.add(
  'unlinkat-refusals',
  'unlinkat(2) keeps files and directories apart by AT_REMOVEDIR, and removes nothing when it fails',
  ({ sys, path }) => {
    writeFileSync(path('file'), '');
    mkdirSync(path('full/inner'), { recursive: true });
    symlinkSync('full', path('link'));
    const unlink =
      (name: string, flags: number, end = '') =>
      () =>
        sys.call('unlinkat', fdcwd, `${path(name)}${end}`, flags);
    expectAnswers([
      ['a directory without AT_REMOVEDIR', 'EISDIR', unlink('full/inner', 0)],
      ['a file with AT_REMOVEDIR', 'ENOTDIR', unlink('file', AT.removeDirectory)],
      ['a link with AT_REMOVEDIR', 'ENOTDIR', unlink('link', AT.removeDirectory)],
      ['a full directory', 'ENOTEMPTY', unlink('full', AT.removeDirectory)],
      ['a path that ends in a dot', 'EINVAL', unlink('full/inner', AT.removeDirectory, '/.')],
      ['a path that ends in two dots', 'ENOTEMPTY', unlink('full/inner', AT.removeDirectory, '/..')],
      ['a missing name', 'ENOENT', unlink('missing', 0)],
      ['an unknown flag', 'EINVAL', unlink('file', UNKNOWN_FLAG)],
    ]);
    equal(readdirSync(path()).toSorted(), ['file', 'full', 'link'], 'names');
    equal(readdirSync(path('full')), ['inner'], 'names inside');
  },
  { operations: ['unlink', 'rmdir'], needs: ['symlink'] },
);

group.add(
  'fchownat',
  'fchownat(2) changes the target of a link, with AT_SYMLINK_NOFOLLOW the link, with AT_EMPTY_PATH the open file',
  (context) => {
    const { sys, path } = context;
    writeFileSync(path('file'), '');
    symlinkSync('file', path('link'));
    const owners = (): readonly number[] => [lstatSync(path('file')).uid, lstatSync(path('link')).uid];
    sys.call('fchownat', fdcwd, path('link'), 11, 11, 0);
    equal(owners(), [11, 0], 'owners of file and link');
    sys.call('fchownat', fdcwd, path('link'), 12, 12, AT.symlinkNoFollow);
    equal(owners(), [11, 12], 'owners of file and link');
    withRaw(context, path('file'), O_PATH, (fd) => {
      sys.call('fchownat', fd, '', 13, 13, AT.emptyPath);
    });
    equal(owners(), [13, 12], 'owners of file and link');
    withRaw(context, path('link'), O_PATH | O_NOFOLLOW, (fd) => {
      sys.call('fchownat', fd, '', 14, 14, AT.emptyPath | AT.symlinkNoFollow);
    });
    equal(owners(), [13, 14], 'owners of file and link');
    expectAnswers([
      ['an unknown flag', 'EINVAL', () => sys.call('fchownat', fdcwd, path('file'), 1, 1, UNKNOWN_FLAG)],
      ['an empty path', 'ENOENT', () => sys.call('fchownat', fdcwd, '', 1, 1, 0)],
    ]);
    equal(owners(), [13, 14], 'owners of file and link');
  },
  { operations: ['chown'], needs: ['chown', 'root', 'symlink'] },
);

group.add(
  'fchmodat',
  'fchmodat(2) changes the target of a link; with AT_SYMLINK_NOFOLLOW it refuses a link and changes a file',
  ({ sys, path }) => {
    writeFileSync(path('file'), '');
    chmodSync(path('file'), 0o644);
    symlinkSync('file', path('link'));
    const before = lstatSync(path('link')).mode;
    const modeOfFile = (): string => (statSync(path('file')).mode & 0o7777).toString(8);
    sys.call('fchmodat', fdcwd, path('link'), 0o640, 0);
    equal(modeOfFile(), '640', 'mode of the file');
    expectAnswers([
      [
        'a link itself',
        'EOPNOTSUPP',
        () => sys.call('fchmodat', fdcwd, path('link'), 0o600, AT.symlinkNoFollow),
      ],
      ['an unknown flag', 'EINVAL', () => sys.call('fchmodat', fdcwd, path('file'), 0o600, UNKNOWN_FLAG)],
    ]);
    equal([modeOfFile(), lstatSync(path('link')).mode], ['640', before], 'modes of file and link');
    sys.call('fchmodat', fdcwd, path('file'), 0o604, AT.symlinkNoFollow);
    equal(modeOfFile(), '604', 'mode of the file');
  },
  { operations: ['chmod'], needs: ['symlink'] },
);

group.add(
  'utimensat',
  'utimensat(2) sets the times of a link with AT_SYMLINK_NOFOLLOW and refuses bad nanoseconds, futimens(3) sets those of an open directory',
  (context) => {
    const { sys, path } = context;
    writeFileSync(path('file'), '');
    symlinkSync('file', path('link'));
    mkdirSync(path('directory'));
    const times = BigInt64Array.of(5n, 6n, 7n, 8n);
    sys.call('utimensat', fdcwd, path('link'), times, AT.symlinkNoFollow);
    equal(lstatSync(path('link'), { bigint: true }).mtimeNs, 7_000_000_008n, 'mtime of the link');
    equal(statSync(path('file')).mtimeMs > 1e12, true, 'mtime of the file is of now');
    withRaw(context, path('directory'), O_RDONLY | O_DIRECTORY, (fd) => {
      sys.call('futimens', fd, times);
    });
    equal(statSync(path('directory'), { bigint: true }).mtimeNs, 7_000_000_008n, 'mtime of the directory');
    const set =
      (atimeNs: bigint, mtimeNs: bigint, flags = 0) =>
      () =>
        sys.call('utimensat', fdcwd, path('file'), BigInt64Array.of(1n, atimeNs, 1n, mtimeNs), flags);
    expectAnswers([
      ['a second of nanoseconds', 'EINVAL', set(0n, 1_000_000_000n)],
      ['negative nanoseconds', 'EINVAL', set(-1n, 0n)],
      ['an unknown flag', 'EINVAL', set(0n, 0n, UNKNOWN_FLAG)],
    ]);
    equal(statSync(path('file')).mtimeMs > 1e12, true, 'mtime of the file is still of now');
  },
  { operations: ['utimens'], needs: ['symlink'] },
);

group.add(
  'faccessat',
  'faccessat(2) answers for the target of a link, refuses bad modes and flags, and for another user looks at the mode',
  ({ sys, path }) => {
    writeFileSync(path('file'), '');
    chmodSync(path('file'), 0o604);
    chmodSync(path(), 0o755);
    symlinkSync('missing', path('dangling'));
    const check =
      (name: string, mode: number, flags = 0) =>
      () =>
        sys.call('faccessat', fdcwd, path(name), mode, flags);
    expectAnswers([
      ['that it is there', 'ok', check('file', 0)],
      ['read and write by root', 'ok', check('file', 6)],
      ['execute by root', 'EACCES', check('file', 1)],
      ['a dangling link', 'ENOENT', check('dangling', 0)],
      ['an unknown mode', 'EINVAL', check('file', 8)],
      ['an unknown flag', 'EINVAL', check('file', 0, UNKNOWN_FLAG)],
    ]);
    sys.as({ uid: NOBODY, gid: NOBODY }, () => {
      expectAnswers([
        ['read by another user', 'ok', check('file', 4)],
        ['write by another user', 'EACCES', check('file', 2)],
        ['read and write by another user', 'EACCES', check('file', 6)],
      ]);
    });
  },
  { operations: ['access'], needs: ['root', 'symlink'] },
);

group.add(
  'work-directory',
  'AT_FDCWD is the work directory, also after fchdir(2) and when that directory is renamed',
  (context) => {
    const { sys, path } = context;
    mkdirSync(path('here'));
    const before = process.cwd();
    try {
      withRaw(context, path('here'), O_PATH | O_DIRECTORY, (fd) => sys.call('fchdir', fd));
      sys.call('mkdirat', fdcwd, 'one', 0o755);
      sys.call('renameat', fdcwd, path('here'), fdcwd, path('there'));
      sys.call('mkdirat', fdcwd, 'two', 0o755);
    } finally {
      process.chdir(before);
    }
    equal(readdirSync(path('there')).toSorted(), ['one', 'two'], 'names');
  },
  { operations: ['mkdir', 'lookup'] },
);

defineGroup(group);
